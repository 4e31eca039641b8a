from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.domain import ChatSettings, Message, ToolCall
from qwen3mlx_app.services import prompt
from qwen3mlx_app.services.endpoint_json import as_model

from ..fake_endpoint import MODEL


@pytest.mark.parametrize(
    ("text", "thinking"),
    [
        ("What? /think", True),
        ("/no_think What?", False),
        ("/think and then /no_think", False),
        ("/no_think\n/think", True),
        ("你好/no_think", False),
        ("Why, then? (/no_think).", False),
        ("a/think", None),
        ("/thinking", None),
        ("http://x/think/", None),
        ("", None),
    ],
)
def test_the_last_soft_switch_counts(text: str, thinking: bool | None) -> None:
    assert prompt.soft_switch(text) is thinking


def test_a_switch_goes_before_the_settings() -> None:
    settings = ChatSettings(thinking=True, thinking_budget=100)
    assert prompt.options(settings, "Hi") == {"enable_thinking": True, "thinking_budget": 100}
    assert prompt.options(settings, "Hi /no_think") == {"enable_thinking": False}
    assert prompt.options(ChatSettings(), "Hi") == {}


@pytest.mark.parametrize(
    ("can", "can_disable", "set_to", "text", "is_on", "can_change", "by_switch"),
    [
        (True, True, None, "Hi", True, True, False),
        (True, True, False, "Hi", False, True, False),
        (True, True, False, "Hi /think", True, True, True),
        (True, False, False, "Hi", True, False, False),
        (True, False, None, "Hi /no_think", True, False, False),
        (False, True, True, "Hi /think", False, False, False),
    ],
)
def test_how_a_model_answers_is_told(
    can: bool,
    can_disable: bool,
    set_to: bool | None,
    text: str,
    is_on: bool,
    can_change: bool,
    by_switch: bool,
) -> None:
    thinking = {"can": can, "default": can, "can_disable": can_disable}
    entry = as_model({**MODEL, "thinking": thinking})
    mode = prompt.thinking_mode(text, ChatSettings(thinking=set_to), entry)
    assert (mode.is_on, mode.can_change, mode.by_switch) == (is_on, can_change, by_switch)


def test_calls_and_results_keep_their_ids() -> None:
    call = ToolCall(id="c1", name="weather", arguments="{}")
    asked = Message(conversation_id="c", role="assistant", tool_calls=(call,), created_at=0)
    told = Message(
        conversation_id="c", role="tool", content="sunny", tool_call_id="c1", created_at=0
    )
    assistant, tool = prompt.messages([asked, told], ChatSettings())
    assert assistant["tool_calls"][0]["id"] == tool["tool_call_id"] == "c1"


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    title = prompt.first_words(text)
    assert len(title) <= 49
    assert "\n" not in title


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ('"Counting fruit"', "Counting fruit"),
        ("**Counting fruit.**\n", "Counting fruit"),
        ("数水果", "数水果"),
        ("", None),
        ("A title\nand more", None),
        ("word " * 30, None),
    ],
)
def test_what_a_model_says_is_a_title_or_not(answer: str, title: str | None) -> None:
    assert prompt.title_from(answer) == title


def test_a_model_without_a_switch_gets_none() -> None:
    settings = ChatSettings(thinking=True, thinking_budget=100)
    body = prompt.body([], settings, "m", continues=False, has_switch=False)
    assert "enable_thinking" not in body
    assert prompt.body([], settings, "m", continues=False)["enable_thinking"] is True
