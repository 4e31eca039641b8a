"""Events of answers -> a text completion and its chunks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from openai.types import Completion

from qwen3mlx.events import Event
from qwen3mlx.server.dialects.shared.completions.completion import CompletionReply
from qwen3mlx.server.dialects.shared.completions.reply import ReplyOptions
from qwen3mlx.text import Content

from .support import FINISHED, alone, interleaved, stream, token


def options(**fields: Any) -> ReplyOptions:
    return ReplyOptions(model="demo", **fields)


def texts(chunks: list[dict[str, Any]], index: int) -> str:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(choice["text"] for choice in choices if choice["index"] == index)


@given(interleaved(2, reasons=("stop", "length")))
def test_joined_chunks_and_the_whole_reply_are_the_events(
    events: list[tuple[int, Event]],
) -> None:
    reply = CompletionReply(options(num_choices=2, num_answers=1), ["a ", "b "])
    chunks = stream(reply, events)
    whole = reply.whole()
    Completion.model_validate(whole, strict=True)
    for index, echo in enumerate(["a ", "b "]):
        contents = [e.text for i, e in events if i == index and isinstance(e, Content)]
        assert whole["choices"][index]["text"] == echo + "".join(contents)
        assert texts(chunks, index) == whole["choices"][index]["text"]
        own = [choice for c in chunks for choice in c["choices"] if choice["index"] == index]
        finish = [choice["finish_reason"] for choice in own]
        assert finish[-1] == whole["choices"][index]["finish_reason"]
        assert not any(finish[:-1])


def test_leading_space_stays() -> None:
    reply = CompletionReply(options())
    stream(reply, alone([Content(" Paris"), FINISHED]))
    assert reply.whole()["choices"][0]["text"] == " Paris"


def test_each_prompt_counts() -> None:
    reply = CompletionReply(options(num_choices=4, num_answers=2))
    stream(reply, [(index, FINISHED) for index in range(4)])
    usage = reply.whole()["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (14, 36)


def test_legacy_logprobs() -> None:
    events: list[Event] = [token("é"), Content("é"), token("\U0001f389".encode()[:2])]
    events += [token("\U0001f389".encode()[2:]), Content("\U0001f389"), token("!"), Content("!")]
    reply = CompletionReply(options(logprobs=True))
    chunks = stream(reply, alone([*events, token("<|im_end|>"), FINISHED]))
    whole = reply.whole()["choices"][0]["logprobs"]
    assert whole == {
        "tokens": ["é", "\\xf0\\x9f", "\\x8e\\x89", "!"],
        "token_logprobs": [-0.5] * 4,
        "top_logprobs": [
            {"é": -0.5, "\\xe4": -3.0},
            {"\\xf0\\x9f": -0.5, "\\xe4": -3.0},
            {"\\x8e\\x89": -0.5, "\\xe4": -3.0},
            {"!": -0.5, "\\xe4": -3.0},
        ],
        "text_offset": [0, 1, 1, 2],
    }
    streamed = [logprobs for c in chunks if (logprobs := c["choices"][0]["logprobs"])]
    assert {name: [value for one in streamed for value in one[name]] for name in whole} == whole


@pytest.mark.parametrize(("num", "likeliest"), [(0, {}), (1, {"\\xe4": -3.0})])
def test_the_chosen_token_is_beside_the_likeliest(num: int, likeliest: dict[str, float]) -> None:
    """As in OpenAI's API: up to `logprobs` + 1 elements."""
    chosen = token("!")
    event = chosen._replace(top=tuple(one for one in chosen.top if one[1] != chosen.token))
    reply = CompletionReply(options(logprobs=True, top_logprobs=num))
    stream(reply, alone([event, Content("!"), FINISHED]))
    [top] = reply.whole()["choices"][0]["logprobs"]["top_logprobs"]
    assert top == {"!": -0.5, **likeliest}
