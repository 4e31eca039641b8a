from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest
from qwen3mlx.server.dialects.lmstudio.chat_request import generation_request, messages_from
from qwen3mlx.server.dialects.lmstudio.schemas import ChatBody

HYBRID, THINKS, INSTRUCT = (True, False), (True,), (False,)
ASKED = {"role": "user", "content": "Hi"}
EARLIER = [
    {"role": "system", "content": "Be brief."},
    ASKED,
    {"role": "assistant", "content": "Hello."},
]


def body(**fields: Any) -> ChatBody:
    return ChatBody(**{"model": "demo", "input": "Hi", **fields})


def request(thinking: tuple[bool, ...] = HYBRID, **fields: Any) -> GenerationRequest:
    return generation_request(body(**fields), [ASKED], thinking)


def test_a_new_chat_is_the_system_prompt_and_the_input() -> None:
    assert messages_from(body(), ()) == [ASKED]
    assert messages_from(body(system_prompt="Be kind."), ()) == [
        {"role": "system", "content": "Be kind."},
        ASKED,
    ]


def test_a_chat_goes_on_behind_what_was_said() -> None:
    assert messages_from(body(), EARLIER) == [*EARLIER, ASKED]


def test_a_new_system_prompt_takes_the_place_of_the_old_one() -> None:
    goes_on = messages_from(body(system_prompt="Be kind."), EARLIER)
    assert goes_on == [{"role": "system", "content": "Be kind."}, *EARLIER[1:], ASKED]
    assert EARLIER[0]["content"] == "Be brief."


@pytest.mark.parametrize("kind", ["text", "message"])
def test_input_may_be_a_list_of_texts_under_either_name(kind: str) -> None:
    items = [{"type": kind, "content": "One"}, {"type": kind, "content": "Two"}]
    assert messages_from(body(input=items), ()) == [{"role": "user", "content": "One\nTwo"}]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ([], "input"),
        ([{"type": "image", "data_url": "data:image/png;base64,AA"}], "input[0]"),
        ([{"type": "hologram"}], "input[0].type"),
        ([{"type": "text", "content": "a"}, {"type": "message"}], "input[1].content"),
    ],
)
def test_input_that_is_no_text_is_refused(given: list[Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        messages_from(body(input=given), ())
    assert caught.value.param == param


def test_every_sampling_field_reaches_the_engine() -> None:
    made = request(
        temperature=0.5,
        top_p=0.9,
        top_k=7,
        min_p=0.1,
        repeat_penalty=1.2,
        max_output_tokens=9,
    )
    assert made.messages == [ASKED]
    assert made.sampling == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 7,
        "min_p": 0.1,
        "repetition_penalty": 1.2,
        "max_tokens": 9,
    }


def test_nothing_given_leaves_everything_to_the_model() -> None:
    made = request(temperature=None, max_output_tokens=-1, reasoning=None, integrations=[])
    assert made.sampling == {}
    assert made.enable_thinking is None


@pytest.mark.parametrize(
    ("reasoning", "enable", "budget"),
    [("off", False, None), ("on", True, None), ("low", True, 1024), ("high", True, None)],
)
def test_reasoning_says_whether_and_how_long_to_think(
    reasoning: str, enable: bool, budget: int | None
) -> None:
    made = request(reasoning=reasoning)
    assert made.enable_thinking is enable
    assert made.sampling.get("thinking_budget") == budget


@pytest.mark.parametrize(
    ("thinking", "reasoning"), [(THINKS, "off"), (INSTRUCT, "on"), (INSTRUCT, "low")]
)
def test_reasoning_that_the_model_cannot_do_is_refused(
    thinking: tuple[bool, ...], reasoning: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        request(thinking, reasoning=reasoning)
    assert caught.value.param == "reasoning"
