"""Message fields of APIs other than OpenAI's."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest
from qwen3mlx.request_warnings import collecting_warnings
from qwen3mlx.server.dialects.shared.completions.request import chat_requests
from qwen3mlx.server.dialects.shared.completions.schemas import ChatBody

pytestmark = pytest.mark.usefixtures("caplog")

Json = dict[str, Any]
HI = {"role": "user", "content": "Hi"}


def chat(*messages: Json, **fields: Any) -> GenerationRequest:
    body = {"model": "demo", "messages": list(messages), **fields}
    [request] = chat_requests(ChatBody.model_validate(body))
    return request


def answer(**fields: Any) -> Json:
    return {"role": "assistant", "content": "Sure", **fields}


@pytest.mark.parametrize("name", ["prefix", "partial"])
def test_the_answer_goes_on_with_a_message_that_asks_so(name: str) -> None:
    assert chat(HI, answer(**{name: True})).continue_final_message
    assert chat(HI, answer(**{name: True}), continue_final_message=True).continue_final_message
    for value in (False, None):
        assert not chat(HI, answer(**{name: value})).continue_final_message
        assert not chat(HI, answer(**{name: value}), HI).continue_final_message


@pytest.mark.parametrize(
    ("messages", "fields", "param"),
    [
        ([HI, answer(prefix=True), HI], {}, "messages[1].prefix"),
        ([{**HI, "partial": True}], {}, "messages[0].partial"),
        ([HI, answer(prefix="yes")], {}, "messages[1].prefix"),
        ([HI, answer(prefix=True)], {"continue_final_message": False}, "messages[1].prefix"),
        ([{**HI, "tools": [{"type": "function"}]}], {}, "messages[0].tools"),
        ([HI, answer(reasoning_details="a")], {}, "messages[1].reasoning_details"),
        ([HI, answer(audio="a")], {}, "messages[1].audio"),
        ([{**HI, "name": 5}], {}, "messages[0].name"),
    ],
)
def test_what_cannot_be_done_is_refused(messages: list[Json], fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        chat(*messages, **fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("fields", "thought"),
    [
        ({"reasoning_details": [{"type": "reasoning.text", "text": "a"}]}, "a"),
        (
            {"reasoning_details": [{"type": "reasoning.summary", "summary": "a"}, {"text": "b"}]},
            "a\nb",
        ),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, None),
        ({"thinking_blocks": [{"type": "thinking", "thinking": "a", "signature": "s"}]}, "a"),
        ({"thinking_blocks": [{"thinking": "a"}], "reasoning_content": "b"}, "b"),
        ({"reasoning_details": None, "thinking_blocks": []}, None),
    ],
)
def test_thoughts_in_parts(fields: Json, thought: str | None) -> None:
    [_, message, _] = chat(HI, answer(**fields), HI).messages or ()
    assert message.get("reasoning_content") == thought


def test_sound_of_an_earlier_answer() -> None:
    with collecting_warnings() as warnings:
        [_, silent, told, _] = (
            chat(
                HI,
                answer(content=None, audio={"id": "audio_1"}),
                answer(audio={"id": "audio_2"}),
                HI,
            ).messages
            or ()
        )
    assert silent["content"] == "[audio omitted: only text can be read]"
    assert told["content"] == "Sure"
    assert [warning.partition(":")[0] for warning in warnings] == [
        "messages[1].audio",
        "messages[2].audio",
    ]


def test_names_of_people_are_said_to_be_left_out() -> None:
    with collecting_warnings() as warnings:
        chat({**HI, "name": "Ada"}, answer(name=""), HI)
    assert warnings == ["messages[0].name was left out: Qwen3's chat template does not support it."]
