from __future__ import annotations

import math

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.generate import Decoder, Prefilled, PromptCache, ThinkingMeter, Token
from qwen3mlx.model import Qwen3
from tests.generate.conftest import ids_of, stream

PROMPT = [5, 17, 200, 31, 8]


def greedy_by_whole_forwards(model: Qwen3, prompt: list[int], count: int) -> list[int]:
    """The same tokens without cache, lookahead or compiled step."""
    ids = list(prompt)
    for _ in range(count):
        ids.append(int(mx.argmax(model(mx.array([ids]))[0, -1]).item()))
    return ids[len(prompt) :]


def test_greedy_equals_whole_forwards(model, decoder):
    assert ids_of(stream(decoder, PROMPT)) == greedy_by_whole_forwards(model, PROMPT, 16)


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
    compiled = ids_of(stream(Decoder(model, eager_steps=0), PROMPT, **sampling))
    eager = ids_of(stream(Decoder(model, eager_steps=10**9), PROMPT, **sampling))
    assert compiled == eager


def test_a_compiled_step_survives_the_growth_of_the_cache(model):
    long_prompt = [i % 300 for i in range(250)]
    decoder = Decoder(model, eager_steps=0)
    assert ids_of(stream(decoder, long_prompt)) == greedy_by_whole_forwards(model, long_prompt, 16)


def test_same_seed_same_tokens_other_seed_others(decoder):
    first = ids_of(stream(decoder, PROMPT, temperature=1.0, seed=1))
    assert ids_of(stream(decoder, PROMPT, temperature=1.0, seed=1)) == first
    assert ids_of(stream(decoder, PROMPT, temperature=1.0, seed=2)) != first


def test_unseeded_requests_differ(decoder):
    drawn = {tuple(ids_of(stream(decoder, PROMPT, temperature=1.0))) for _ in range(3)}
    assert len(drawn) > 1


def test_prefill_progress_ends_complete_and_comes_before_the_tokens(decoder):
    prompt = [i % 300 for i in range(1300)]
    items = list(stream(decoder, prompt, max_tokens=2))
    progress = [item for item in items if isinstance(item, Prefilled)]
    assert [p.done for p in progress] == [512, 1024, 1300]
    assert {p.total for p in progress} == {1300}
    assert all(isinstance(item, Token) for item in items[3:])


def test_chunks_do_not_change_the_answer(model, decoder):
    prompt = [i * 7 % 300 for i in range(600)]
    assert ids_of(stream(decoder, prompt, max_tokens=4)) == greedy_by_whole_forwards(
        model, prompt, 4
    )


def test_a_stop_id_ends_the_answer_and_is_its_last_token(decoder):
    free = ids_of(stream(decoder, PROMPT))
    stopped = stream(decoder, PROMPT, stop_ids=[free[3]])
    assert ids_of(stopped) == free[: free.index(free[3]) + 1]
    assert stopped.finish_reason == "stop"


def test_max_tokens_ends_it_otherwise(decoder):
    limited = stream(decoder, PROMPT, max_tokens=3)
    assert len(ids_of(limited)) == 3
    assert limited.finish_reason == "length"
    assert ids_of(stream(decoder, PROMPT, max_tokens=0)) == []


@pytest.mark.parametrize("min_tokens", [0, 1, 2, 3, 5])
def test_min_tokens_keeps_stop_ids_out_until_then(decoder, min_tokens):
    eager_to_stop = {"stop_ids": [7], "logit_bias": {7: 100.0}}
    answer = ids_of(stream(decoder, PROMPT, min_tokens=min_tokens, **eager_to_stop))
    assert len(answer) == min_tokens + 1
    assert answer.index(7) == min_tokens


def test_presence_penalty_counts_every_generated_token_once_it_is_fed(decoder):
    # -100 bias pushes all but two tokens away; the penalty then has to make them alternate.
    bias = {i: -100.0 for i in range(320) if i not in (7, 9)}
    plain = ids_of(stream(decoder, PROMPT, logit_bias=bias, max_tokens=6))
    penalized = ids_of(
        stream(decoder, PROMPT, logit_bias=bias, frequency_penalty=2.0, max_tokens=30)
    )
    assert set(plain) <= {7, 9}
    assert {7, 9} == set(penalized)
    assert abs(penalized.count(7) - penalized.count(9)) < 20


def test_logprobs_only_when_asked_and_right(model, decoder):
    assert all(item.logprob is None for item in stream(decoder, PROMPT) if isinstance(item, Token))
    asked = stream(decoder, PROMPT, logprobs=True, top_logprobs=2, max_tokens=1)
    token = next(item for item in asked if isinstance(item, Token))
    logits = model(mx.array([PROMPT]))[0, -1]
    expected = (logits - mx.logsumexp(logits))[token.id].item()
    assert math.isclose(token.logprob, expected, abs_tol=1e-4)
    assert token.top[0] == (token.id, token.logprob)
    assert token.top[0][1] >= token.top[1][1]


def test_forced_tokens_are_fed_as_if_generated(model, decoder):
    free = ids_of(stream(decoder, PROMPT))
    forced = (50, 60, 70)
    meter = ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=forced)
    answer = ids_of(stream(decoder, PROMPT, meter=meter, max_tokens=10))
    assert answer[:6] == [*free[:3], *forced]
    assert answer[6:] == greedy_by_whole_forwards(model, [*PROMPT, *answer[:6]], 4)


def test_forced_tokens_count_for_penalties(decoder):
    forced = (50, 60, 70)
    meter = ThinkingMeter(None, 70, inside=True, budget=1, early_stop_ids=forced)
    penalized = stream(decoder, PROMPT, meter=meter, frequency_penalty=0.01, max_tokens=6)
    answer = ids_of(penalized)
    counts = penalized._counts[0]
    # The last token was not fed any more, and so not counted.
    assert {i: int(counts[i].item()) for i in set(answer[:-1])} == {
        i: answer[:-1].count(i) for i in set(answer[:-1])
    }
    assert counts.sum().item() == 5


@pytest.mark.parametrize("max_tokens", [3, 4, 5, 6, 7])
def test_forced_tokens_stay_within_max_tokens(decoder, max_tokens):
    meter = ThinkingMeter(None, 70, inside=True, budget=3, early_stop_ids=(50, 60, 70))
    limited = stream(decoder, PROMPT, meter=meter, max_tokens=max_tokens)
    assert len(ids_of(limited)) == max_tokens
    assert limited.finish_reason == "length"


@settings(max_examples=25)
@given(
    second=st.lists(st.integers(0, 319), min_size=1, max_size=12),
    keep=st.integers(0, 20),
    cut=st.integers(0, 8),
)
def test_the_prompt_cache_never_changes_an_answer(decoder, second, keep, cut):
    cache = PromptCache()
    first = stream(decoder, PROMPT, prompt_cache=cache, max_tokens=8)
    generated: list[int] = []
    tokens = iter(first)
    for item in tokens:
        if isinstance(item, Token):
            generated.append(item.id)
        if len(generated) > cut:
            break
    tokens.close()
    prompt = [*(PROMPT + generated)[:keep], *second]
    again = stream(decoder, prompt, prompt_cache=cache, max_tokens=4)
    assert ids_of(again) == ids_of(stream(decoder, prompt, max_tokens=4))
    assert again.cached_tokens <= len(prompt) - 1
    if generated and keep >= len(PROMPT):
        assert again.cached_tokens >= len(PROMPT) - 1


def test_the_next_turn_computes_only_what_is_new(decoder):
    cache = PromptCache()
    answer = ids_of(stream(decoder, PROMPT, prompt_cache=cache))
    turn = stream(decoder, [*PROMPT, *answer, 1, 2, 3], prompt_cache=cache)
    ids_of(turn)
    assert turn.cached_tokens == len(PROMPT) + len(answer) - 1


def test_a_short_prompt_does_not_keep_a_long_ones_memory(decoder):
    cache = PromptCache()
    ids_of(stream(decoder, [*PROMPT, *range(250)] * 8, prompt_cache=cache, max_tokens=2))
    long = cache.kv.nbytes
    expected = ids_of(stream(decoder, [*PROMPT, 1]))
    short = stream(decoder, [*PROMPT, 1], prompt_cache=cache)
    assert ids_of(short) == expected
    assert short.cached_tokens == len(PROMPT)
    assert cache.kv.capacity == 256
    assert cache.kv.nbytes < long / 4


def test_an_error_in_a_step_leaves_the_next_request_unharmed(decoder, monkeypatch):
    cache = PromptCache()
    expected = ids_of(stream(decoder, PROMPT))
    broken = stream(decoder, PROMPT, prompt_cache=cache)
    with monkeypatch.context() as patch:
        patch.setattr(decoder, "step", _fail)
        with pytest.raises(RuntimeError, match="out of luck"):
            ids_of(broken)
    assert ids_of(stream(decoder, PROMPT, prompt_cache=cache)) == expected


def _fail(*_: object) -> None:
    raise RuntimeError("out of luck")


def test_a_step_that_does_not_compile_stays_eager(model, monkeypatch):
    expected = ids_of(stream(Decoder(model, eager_steps=10**9), PROMPT))
    attempts = []

    def no_compiler(step: object) -> object:
        def fail(*_: object) -> None:
            attempts.append(step)
            raise RuntimeError("Could not load C++ shared library")

        return fail

    monkeypatch.setattr(mx, "compile", no_compiler)
    assert ids_of(stream(Decoder(model, eager_steps=0), PROMPT)) == expected
    assert len(attempts) == 2
