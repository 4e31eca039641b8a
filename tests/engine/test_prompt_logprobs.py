"""The prompt's log probabilities equal those of whole forward passes."""

from __future__ import annotations

from itertools import product
from typing import Any, cast

import mlx.core as mx
import pytest

from qwen3mlx.engine.outputs import ScoreOutput, Token
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.generate import Decoder
from qwen3mlx.model import Qwen3
from tests.engine.support import Request, finish, run, scheduler_for

PROMPT = [i * 7 % 300 for i in range(150)]
ASKED: dict[str, Any] = {"prompt_logprobs": True, "logprobs": True, "top_logprobs": 3}


def scored(request: Request) -> list[Token]:
    return [
        t for output in request.outputs if isinstance(output, ScoreOutput) for t in output.tokens
    ]


def expected(model: Qwen3, ids: list[int], num_top: int) -> list[Token]:
    logits = model(mx.array([ids]))[0].astype(mx.float32)
    rows = cast("list[list[float]]", (logits - mx.logsumexp(logits, -1, keepdims=True)).tolist())
    tokens = [Token(ids[0])]
    for token_id, row in zip(ids[1:], rows, strict=False):
        best = sorted(enumerate(row), key=lambda pair: (-pair[1], pair[0]))[:num_top]
        tokens.append(Token(token_id, row[token_id], tuple(best)))
    return tokens


def assert_same(got: list[Token], wanted: list[Token]) -> None:
    assert [t.id for t in got] == [t.id for t in wanted]
    for one, two in zip(got, wanted, strict=True):
        assert one.logprob == pytest.approx(two.logprob, abs=1e-4)
        assert [i for i, _ in one.top] == [i for i, _ in two.top]
        assert [x for _, x in one.top] == pytest.approx([x for _, x in two.top], abs=1e-4)


@pytest.mark.parametrize(("chunk", "max_tokens"), [(1, 1), *product([7, 149, 150, 512], [0, 1, 4])])
def test_they_are_those_of_a_whole_forward(
    model: Qwen3, decoder: Decoder, monkeypatch, chunk, max_tokens
) -> None:
    monkeypatch.setattr(decoder, "max_chunk", chunk)
    request = run(scheduler_for(decoder), PROMPT, max_tokens=max_tokens, **ASKED)
    assert_same(scored(request), expected(model, PROMPT, 3))
    assert len(request.ids) == max_tokens
    assert request.reason == "length"
    assert request.ids == run(scheduler_for(decoder), PROMPT, max_tokens=max_tokens).ids


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("num_top", [0, 20])
def test_of_the_shortest_prompts(model, scheduler, length, num_top) -> None:
    asked = {**ASKED, "top_logprobs": num_top}
    request = run(scheduler, PROMPT[:length], max_tokens=0, **asked)
    assert_same(scored(request), expected(model, PROMPT[:length], num_top))


def test_a_cached_prompt_is_computed_again_and_leaves_itself_to_others(
    model: Qwen3, scheduler: Scheduler
) -> None:
    run(scheduler, PROMPT, max_tokens=2)
    request = run(scheduler, PROMPT, max_tokens=0, **ASKED)
    assert request.cached_tokens == 0
    assert_same(scored(request), expected(model, PROMPT, 3))
    assert run(scheduler, [*PROMPT, 5], max_tokens=2).cached_tokens == len(PROMPT)


def test_beside_others_each_gets_its_own(model: Qwen3, decoder: Decoder, monkeypatch) -> None:
    monkeypatch.setattr(decoder, "max_chunk", 16)
    scheduler = scheduler_for(decoder)
    prompts = [PROMPT, PROMPT[:90], [9], [5, 17, 200, 31, 8], PROMPT]
    requests = [
        Request(prompt, max_tokens=6, **(ASKED if index != 3 else {}))
        for index, prompt in enumerate(prompts)
    ]
    for request in requests:
        scheduler.submit(request.sequence)
        scheduler.step()
    finish(scheduler, *requests)
    for index, (prompt, request) in enumerate(zip(prompts, requests, strict=True)):
        assert_same(scored(request), [] if index == 3 else expected(model, prompt, 3))
        assert request.ids == run(scheduler_for(decoder), prompt, max_tokens=6).ids


def test_one_that_starts_over_tells_each_token_once(model, decoder, monkeypatch) -> None:
    monkeypatch.setattr(decoder, "max_chunk", 40)
    scheduler = scheduler_for(decoder)
    request = Request(PROMPT, max_tokens=2, **ASKED)
    scheduler.submit(request.sequence)
    for step in range(5):
        scheduler.step()
        if step in (0, 2):
            scheduler.schedule._start_over(request.sequence)
            scheduler.prefixes.evict()
    finish(scheduler, request)
    assert_same(scored(request), expected(model, PROMPT, 3))
    assert len(request.ids) == 2
