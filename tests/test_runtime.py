"""`qwen3mlx.load` and `generate` on the embedded demo checkpoints."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import qwen3mlx
from qwen3mlx.engine.loaded import EARLY_STOP
from qwen3mlx.errors import (
    CheckpointError,
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    UsageError,
)
from qwen3mlx.events import (
    Event,
    Finished,
    Prefill,
    PromptLogprobs,
    TokenLogprob,
)
from qwen3mlx.runtime import Runtime
from qwen3mlx.text import Content, Reasoning, ToolCallDelta
from tests.support.adapters import demo_adapter
from tests.support.checkpoints import Shape, copy_qwen3_tokenizer, write_checkpoint

LETTERS = [{"role": "user", "content": "How many r's are in strawberries?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "The city"}},
            "required": ["location"],
        },
    },
}


@pytest.fixture(scope="session", params=["demo", pytest.param("demo-moe", marks=pytest.mark.slow)])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return qwen3mlx.load(request.param)


def answer(runtime: Runtime, messages: Any, **options: Any) -> list[Event]:
    return list(runtime.generate(messages, **{"temperature": 0.0, "max_tokens": 400, **options}))


def text(events: Iterable[Event], kind: type[Content | Reasoning] = Content) -> str:
    return "".join(e.text for e in events if isinstance(e, kind))


def finished(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_thinks_then_answers(runtime: Runtime) -> None:
    events = answer(runtime, LETTERS)
    assert text(events, Reasoning)
    assert "3" in text(events)
    kinds = [type(e) for e in events if isinstance(e, (Reasoning, Content))]
    assert kinds == sorted(kinds, key=[Reasoning, Content].index)
    assert finished(events).finish_reason == "stop"


def test_prefill_comes_first_and_counts_to_the_end(runtime: Runtime) -> None:
    events = answer(runtime, LETTERS, max_tokens=1)
    progress = [e for e in events if isinstance(e, Prefill)]
    assert events[0] == progress[0]
    assert progress[0].done == 0
    assert progress[-1].done == progress[-1].total == finished(events).usage.prompt_tokens


def test_usage_adds_up(runtime: Runtime) -> None:
    events = answer(runtime, LETTERS)
    usage = finished(events).usage
    thought = runtime.tokenizer.encode(text(events, Reasoning))
    # The newlines next to the markers are tokens too.
    assert len(thought) <= usage.reasoning_tokens <= len(thought) + 2
    assert usage.reasoning_tokens < usage.completion_tokens
    assert finished(events).timings.decode_tokens == usage.completion_tokens - 1


def test_hard_switch(runtime: Runtime) -> None:
    events = answer(runtime, LETTERS, enable_thinking=False)
    assert not text(events, Reasoning)
    assert text(events)
    assert finished(events).usage.reasoning_tokens == 0


def test_soft_switch_and_back(runtime: Runtime) -> None:
    asked = LETTERS[0]["content"]
    off = [{"role": "user", "content": f"{asked} /no_think"}]
    assert not text(answer(runtime, off), Reasoning)
    turn = [*off, {"role": "assistant", "content": "3"}, {"role": "user", "content": "Hi /think"}]
    assert text(answer(runtime, turn), Reasoning)


@pytest.mark.parametrize("budget", [1, 10])
def test_thinking_budget_forces_the_answer(runtime: Runtime, budget: int) -> None:
    events = answer(runtime, LETTERS, thinking_budget=budget)
    thought = text(events, Reasoning)
    assert thought.endswith(EARLY_STOP.strip().removesuffix("\n</think>"))
    sentence = len(runtime.tokenizer.encode(EARLY_STOP))
    assert budget <= finished(events).usage.reasoning_tokens <= budget + sentence
    assert text(events)


def test_a_budget_that_suffices_changes_nothing(runtime: Runtime) -> None:
    free = answer(runtime, LETTERS)
    assert text(answer(runtime, LETTERS, thinking_budget=399)) == text(free)


def test_no_budget_at_all_is_no_thinking(runtime: Runtime) -> None:
    assert not text(answer(runtime, LETTERS, thinking_budget=0), Reasoning)


def test_stop_string_ends_the_answer_before_it(runtime: Runtime) -> None:
    whole = text(answer(runtime, LETTERS))
    stop = whole[5:8]
    events = answer(runtime, LETTERS, stop=stop)
    assert text(events) == whole[: whole.index(stop)]
    assert finished(events).finish_reason == "stop"


def test_seeds(runtime: Runtime) -> None:
    options = {"temperature": 2.0, "top_p": 1.0, "top_k": 0, "max_tokens": 60}
    first = answer(runtime, LETTERS, seed=7, **options)
    again = answer(runtime, LETTERS, seed=7, **options)
    others = [answer(runtime, LETTERS, seed=seed, **options) for seed in (8, 9, 10, 11)]
    assert first[2:-1] == again[2:-1]
    assert any(first[2:-1] != other[2:-1] for other in others)  # the demo is sure of itself


def test_logprobs(runtime: Runtime) -> None:
    events = answer(runtime, LETTERS, logprobs=True, top_logprobs=3, enable_thinking=False)
    tokens = [e for e in events if isinstance(e, TokenLogprob)]
    assert len(tokens) == finished(events).usage.completion_tokens
    assert b"".join(t.token for t in tokens[:-1]).decode() == text(events)
    for token in tokens:
        assert token.logprob is not None
        assert token.logprob <= 0
        assert token.top[0][0] == token.token_id
        assert len(token.top) == 3


def test_logprobs_of_the_prompt(runtime: Runtime) -> None:
    options = {"logprobs": True, "top_logprobs": 1, "prompt_logprobs": True, "max_tokens": 0}
    events = answer(runtime, "One, two,", **options)
    tokens = [t for e in events if isinstance(e, PromptLogprobs) for t in e.tokens]
    assert [t.token_id for t in tokens] == runtime.tokenizer.encode("One, two,")
    assert b"".join(t.token for t in tokens) == b"One, two,"
    assert [t.logprob is None for t in tokens] == [True] + [False] * (len(tokens) - 1)
    assert all(t.logprob is not None and t.logprob <= t.top[0][2] for t in tokens[1:])


def test_the_second_turn_reuses_the_first(runtime: Runtime) -> None:
    first = answer(runtime, LETTERS, enable_thinking=False)
    turn = [
        *LETTERS,
        {"role": "assistant", "content": text(first)},
        {"role": "user", "content": "thanks"},
    ]
    usage = finished(answer(runtime, turn, enable_thinking=False)).usage
    assert usage.cached_tokens >= len(runtime.tokenizer.encode(LETTERS[0]["content"]))


def test_tool_call_and_its_result(runtime: Runtime) -> None:
    asked = [{"role": "user", "content": "What is the weather in Paris?"}]
    events = answer(runtime, asked, tools=[WEATHER])
    calls = [e for e in events if isinstance(e, ToolCallDelta)]
    arguments = "".join(call.arguments for call in calls)
    assert calls[0].name == "get_weather"
    assert list(json.loads(arguments)) == ["location"]
    assert finished(events).finish_reason == "tool_calls"
    call = {"id": calls[0].id, "function": {"name": "get_weather", "arguments": arguments}}
    turn = [
        *asked,
        {"role": "assistant", "content": text(events), "tool_calls": [call]},
        {"role": "tool", "content": "17 degrees and rain"},
    ]
    assert "17 degrees" in text(answer(runtime, turn, tools=[WEATHER]))


def test_the_dense_demo_copies_the_argument() -> None:
    asked = [{"role": "user", "content": "What is the weather in Paris?"}]
    events = answer(qwen3mlx.load("demo"), asked, tools=[WEATHER])
    calls = [e for e in events if isinstance(e, ToolCallDelta)]
    assert json.loads("".join(call.arguments for call in calls)) == {"location": "Paris"}


def test_without_tools_nothing_is_parsed(runtime: Runtime) -> None:
    asked = [{"role": "user", "content": "What is the weather in Paris?"}]
    assert not any(isinstance(e, ToolCallDelta) for e in answer(runtime, asked))


def test_an_abandoned_answer_leaves_the_next_one_whole(runtime: Runtime) -> None:
    expected = text(answer(runtime, LETTERS))
    events = runtime.generate(LETTERS, temperature=0.0)
    for event in events:
        if isinstance(event, Reasoning):
            break
    events.close()
    assert text(answer(runtime, LETTERS)) == expected


def test_a_string_is_completed_without_the_template(runtime: Runtime) -> None:
    events = answer(runtime, "Hello", max_tokens=3)
    assert finished(events).usage.prompt_tokens == len(runtime.tokenizer.encode("Hello"))
    assert not text(events, Reasoning)


def test_quantized_keys_and_values_answer_too() -> None:
    runtime = qwen3mlx.load("demo", kv_bits=8)
    assert "3" in text(answer(runtime, LETTERS))


@pytest.mark.parametrize("content", ["", "\ud800 lone", "nul \0 byte", "🦉" * 50, "ا" * 30])
def test_odd_text_is_answered(runtime: Runtime, content: str) -> None:
    events = answer(runtime, [{"role": "user", "content": content}], max_tokens=8)
    assert finished(events).usage.completion_tokens > 0


def test_too_long_a_prompt_names_the_numbers(runtime: Runtime) -> None:
    context = runtime.config.max_position_embeddings
    with pytest.raises(ContextLengthError, match=f"context length is {context} tokens"):
        runtime.generate([{"role": "user", "content": "a" * 1_000_000}])


def test_max_tokens_stays_within_the_context(runtime: Runtime) -> None:
    runtime = qwen3mlx.load("demo", context_length=64)
    events = answer(runtime, LETTERS, max_tokens=10_000)
    usage = finished(events).usage
    assert usage.prompt_tokens + usage.completion_tokens == 64
    assert finished(events).finish_reason == "length"


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"stop": [""]}, "stop"),
        ({"logit_bias": {"999999": 1}}, "logit_bias"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"temprature": 1}, "temprature"),
        ({"top_logprobs": 99, "logprobs": True}, "top_logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": 5}, "logprobs"),
        ({"seed": "abc"}, "seed"),
        ({"stop": 5}, "stop"),
        ({"stop_token_ids": "12"}, "stop_token_ids"),
        ({"stop_token_ids": [-1]}, "stop_token_ids"),
        ({"logit_bias": [1]}, "logit_bias"),
        ({"logit_bias": {"²": 1}}, "logit_bias"),
        ({"chat_template_kwargs": [1]}, "chat_template_kwargs"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs"),
    ],
)
def test_bad_options_name_the_field(runtime: Runtime, options: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as error:
        runtime.generate(LETTERS, **options)
    assert error.value.param == param


def test_bad_messages_are_refused_before_any_work(runtime: Runtime) -> None:
    with pytest.raises(InvalidRequestError):
        runtime.generate([{"role": "wizard", "content": "hi"}])
    with pytest.raises(InvalidRequestError):
        runtime.generate("")


@pytest.mark.parametrize(
    "options",
    [
        {"tools": [WEATHER]},
        {"enable_thinking": True},
        {"thinking_budget": 5},
        {"chat_template_kwargs": {"x": 1}},
    ],
)
def test_a_completion_refuses_what_only_a_chat_has(
    runtime: Runtime, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError, match="requires messages"):
        runtime.generate("Hello", **options)


@pytest.mark.parametrize(("asked", "param"), [(LETTERS, "messages"), ("berries", "prompt")])
def test_tokens_that_the_model_does_not_have_are_refused(
    tmp_path: Path, asked: Any, param: str
) -> None:
    """MLX would read what lies behind the arrays."""
    folder = write_checkpoint(tmp_path / "short", Shape(vocab_size=320))
    copy_qwen3_tokenizer(folder)
    with pytest.raises(InvalidRequestError, match="ids run from 0 to 319") as caught:
        qwen3mlx.load(folder).generate(asked)
    assert caught.value.param == param


def test_another_thread_is_refused(runtime: Runtime) -> None:
    refused = []

    def use() -> None:
        try:
            runtime.generate(LETTERS)
        except UsageError as error:
            refused.append(str(error))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(refused) == 1
    assert "another thread" in refused[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [("generation_config.json", "{"), ("chat_template.jinja", "{% if %}")],
)
def test_a_broken_small_file_is_known_before_the_weights_are_read(
    tmp_path: Path, name: str, text: str
) -> None:
    folder = shutil.copytree(demo_folder(), tmp_path / "copy")
    (folder / name).write_text(text)
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=name):
        qwen3mlx.load(folder)


def demo_folder() -> Path:
    return Path(qwen3mlx.__file__).parent / "demo" / "dense"


def test_unknown_model() -> None:
    with pytest.raises(ModelNotFoundError):
        qwen3mlx.load("no-such-model")


@pytest.mark.parametrize("form", ["embedding", "classifier_1"])
def test_a_model_that_writes_no_text(form: str, tmp_path: Path) -> None:
    folder = tmp_path / form
    shutil.copytree(Path(__file__).parent / "data" / "forms" / form, folder)
    copy_qwen3_tokenizer(folder)
    loaded = qwen3mlx.load(folder)
    for prompt in ("Once", [{"role": "user", "content": "Hi"}]):
        with pytest.raises(
            InvalidRequestError, match="which cannot write answers: take a chat model"
        ) as caught:
            loaded.generate(prompt)
        assert caught.value.param == "model"


def test_an_adapter(tmp_path: Path) -> None:
    adapter = demo_adapter(tmp_path / "adapter")
    plain = text(answer(qwen3mlx.load("demo"), LETTERS, enable_thinking=False, max_tokens=8))
    adapted = qwen3mlx.load("demo", adapter=adapter)
    assert text(answer(adapted, LETTERS, enable_thinking=False, max_tokens=8)) != plain
    with pytest.raises(CheckpointError, match=r"no matrix of this model|for a matrix"):
        qwen3mlx.load("demo-moe", adapter=adapter)
    with pytest.raises(ModelNotFoundError, match="holds no adapter"):
        qwen3mlx.load("demo", adapter=tmp_path)
    with pytest.raises(CheckpointError, match="made for example/base"):
        qwen3mlx.load(adapter)
