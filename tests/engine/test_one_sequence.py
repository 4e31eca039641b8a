from __future__ import annotations

import math

import mlx.core as mx
import pytest

from qwen3mlx.engine.outputs import EndOutput, Token
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.model import Qwen3
from qwen3mlx.thought import Thought
from tests.engine.support import Request, ids_alone, run, scheduler_for

PROMPT = [5, 17, 200, 31, 8]


def greedy_by_whole_forwards(model: Qwen3, prompt: list[int], count: int) -> list[int]:
    """Return the same tokens, computed without cache, lookahead or compiled step."""
    ids = list(prompt)
    for _ in range(count):
        ids.append(int(mx.argmax(model(mx.array([ids]))[0, -1]).item()))
    return ids[len(prompt) :]


def test_greedy_equals_whole_forwards(model, decoder):
    assert ids_alone(decoder, PROMPT) == greedy_by_whole_forwards(model, PROMPT, 16)


@pytest.mark.parametrize(
    "sampling",
    [
        {},
        {"temperature": 0.9, "seed": 4},
        {"temperature": 0.9, "top_k": 0, "seed": 4},
        {"temperature": 0.9, "top_k": 0, "top_p": 1.0, "seed": 4},
        {"presence_penalty": 1.0, "repetition_penalty": 1.3, "logit_bias": {3: 4.0}},
    ],
)
def test_compiled_and_eager_steps_agree(model, sampling):
    compiled = ids_alone(Decoder(model, eager_steps=0), PROMPT, **sampling)
    eager = ids_alone(Decoder(model, eager_steps=10**9), PROMPT, **sampling)
    assert compiled == eager


def test_a_compiled_step_survives_the_growth_of_the_cache(model):
    long_prompt = [i % 300 for i in range(250)]
    decoder = Decoder(model, eager_steps=0)
    assert ids_alone(decoder, long_prompt) == greedy_by_whole_forwards(model, long_prompt, 16)


def test_same_seed_same_tokens_other_seed_others(decoder):
    first = ids_alone(decoder, PROMPT, temperature=1.0, seed=1)
    assert ids_alone(decoder, PROMPT, temperature=1.0, seed=1) == first
    assert ids_alone(decoder, PROMPT, temperature=1.0, seed=2) != first


def test_unseeded_requests_differ(scheduler):
    drawn = {tuple(run(scheduler, PROMPT, temperature=1.0).ids) for _ in range(3)}
    assert len(drawn) > 1


def test_prefill_progress_ends_complete_and_comes_before_the_tokens(decoder, scheduler):
    done = run(scheduler, [i % 300 for i in range(1300)], max_tokens=2)
    assert [p.done for p in done.progress] == sorted({p.done for p in done.progress})
    assert done.progress[-1].done == 1300
    assert {p.total for p in done.progress} == {1300}
    assert [type(output) for output in done.outputs[-3:]] == [Token, Token, EndOutput]


def test_chunks_do_not_change_the_answer(model, decoder):
    prompt = [i * 7 % 300 for i in range(600)]
    assert ids_alone(decoder, prompt, max_tokens=4) == greedy_by_whole_forwards(model, prompt, 4)


def test_a_stop_id_ends_the_answer_and_is_its_last_token(decoder):
    free = ids_alone(decoder, PROMPT)
    stopped = run(scheduler_for(decoder), PROMPT, stop_ids=[free[3]])
    assert stopped.ids == free[: free.index(free[3]) + 1]
    assert stopped.reason == "stop"


def test_max_tokens_ends_it_otherwise(decoder):
    limited = run(scheduler_for(decoder), PROMPT, max_tokens=3)
    assert len(limited.ids) == 3
    assert limited.reason == "length"
    assert ids_alone(decoder, PROMPT, max_tokens=0) == []


@pytest.mark.parametrize("min_tokens", [0, 1, 2, 3, 5])
def test_min_tokens_keeps_stop_ids_out_until_then(decoder, min_tokens):
    eager_to_stop = {"stop_ids": [7], "logit_bias": {7: 100.0}}
    answer = ids_alone(decoder, PROMPT, min_tokens=min_tokens, **eager_to_stop)
    assert len(answer) == min_tokens + 1
    assert answer.index(7) == min_tokens


def test_presence_penalty_counts_every_generated_token_once_it_is_fed(decoder):
    # -100 bias pushes all but two tokens away; the penalty then has to make them alternate.
    bias = {i: -100.0 for i in range(320) if i not in (7, 9)}
    plain = ids_alone(decoder, PROMPT, logit_bias=bias, max_tokens=6)
    penalized = ids_alone(decoder, PROMPT, logit_bias=bias, frequency_penalty=2.0, max_tokens=30)
    assert set(plain) <= {7, 9}
    assert {7, 9} == set(penalized)
    assert abs(penalized.count(7) - penalized.count(9)) < 20


def test_logprobs_only_when_asked_and_right(model, scheduler):
    assert all(token.logprob is None for token in run(scheduler, PROMPT).tokens)
    (token,) = run(scheduler, PROMPT, logprobs=True, top_logprobs=2, max_tokens=1).tokens
    logits = model(mx.array([PROMPT]))[0, -1]
    expected = (logits - mx.logsumexp(logits))[token.id].item()
    assert math.isclose(token.logprob, expected, abs_tol=1e-4)
    assert token.top[0] == (token.id, token.logprob)
    assert token.top[0][1] >= token.top[1][1]


def test_forced_tokens_are_fed_as_if_generated(model, decoder):
    free = ids_alone(decoder, PROMPT)
    forced = (50, 60, 70)
    meter = ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=forced)
    answer = ids_alone(decoder, PROMPT, meter=meter, max_tokens=10)
    assert answer[:6] == [*free[:3], *forced]
    assert answer[6:] == greedy_by_whole_forwards(model, [*PROMPT, *answer[:6]], 4)


def test_forced_tokens_count_for_penalties(decoder, scheduler):
    forced = (50, 60, 70)
    meter = ThinkingMeter(Thought("inside", None, 70), budget=1, early_stop_ids=forced)
    request = Request(PROMPT, meter=meter, frequency_penalty=0.01, max_tokens=50)
    scheduler.submit(request.sequence)
    while len(request.ids) < 8:
        scheduler.step()
    counts = scheduler.runner.rows[request.sequence.row_number].counts[0]
    fed = request.sequence.num_computed - len(PROMPT)
    # The token of the step that is under way has been counted, one that is only known has not.
    assert {i: int(counts[i].item()) for i in set(request.ids[:fed])} == {
        i: request.ids[:fed].count(i) for i in set(request.ids[:fed])
    }
    assert counts.sum().item() == fed
    scheduler.cancel(request.sequence)


@pytest.mark.parametrize("max_tokens", [3, 4, 5, 6, 7])
def test_forced_tokens_stay_within_max_tokens(decoder, max_tokens):
    meter = ThinkingMeter(Thought("inside", None, 70), budget=3, early_stop_ids=(50, 60, 70))
    limited = run(scheduler_for(decoder), PROMPT, meter=meter, max_tokens=max_tokens)
    assert len(limited.ids) == max_tokens
    assert limited.reason == "length"


def test_an_error_in_a_step_fails_the_request_and_leaves_the_next_unharmed(
    decoder, scheduler, monkeypatch
):
    expected = ids_alone(decoder, PROMPT)
    with monkeypatch.context() as patch:
        patch.setattr(decoder, "step", _fail)
        assert str(run(scheduler, PROMPT).error) == "out of luck"
    assert run(scheduler, PROMPT).ids == expected
    assert scheduler.is_idle


def _fail(*_: object) -> None:
    raise RuntimeError("out of luck")


def test_a_step_that_does_not_compile_stays_eager(model, monkeypatch):
    expected = ids_alone(Decoder(model, eager_steps=10**9), PROMPT)
    attempts = []

    def no_compiler(step: object) -> object:
        def fail(*_: object) -> None:
            attempts.append(step)
            raise RuntimeError("Could not load C++ shared library")

        return fail

    monkeypatch.setattr(mx, "compile", no_compiler)
    assert ids_alone(Decoder(model, eager_steps=0), PROMPT) == expected
    assert len(attempts) == 2
