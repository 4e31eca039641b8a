"""Results as text: what is no text is named, and nothing in it can harm a chat."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qwen3mlx.text.control_tokens import NONCHARACTERS
from qwen3mlx.tools.outcome import MOST_TEXT, result_text


def block(type: str, **fields: Any) -> Any:
    return SimpleNamespace(type=type, **fields)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (block("text", text="plain"), "plain"),
        (block("image", mime_type="image/png", data="A" * 4000), "An image of type image/png, 3.0"),
        (block("audio", mime_type="audio/wav", data="AAAA"), "A sound of type audio/wav"),
        (
            block("resource_link", name="n", uri="file:///a\nb", description="x"),
            "(A link to the resource n at file:///a b: x)",
        ),
        (
            block("resource", resource=SimpleNamespace(uri="a:b", text="inside")),
            "Resource a:b:\ninside",
        ),
        (
            block("resource", resource=SimpleNamespace(uri="a:b", mime_type=None, blob="AAAA")),
            "of type unknown, 0.0 KB, is no text",
        ),
    ],
)
def test_each_kind_of_block(given: Any, told: str) -> None:
    assert told in result_text([given])


def test_structured_content_counts_only_without_text() -> None:
    assert result_text([], {"a": "ü"}) == '{"a": "ü"}'
    assert result_text([block("text", text="t")], {"a": 1}) == "t"
    assert result_text([]) == "(The tool returned nothing.)"


def test_a_huge_result_is_cut_and_says_so() -> None:
    text = result_text([block("text", text="x" * (MOST_TEXT + 5))])
    assert text.startswith("x" * MOST_TEXT)
    assert f"has {MOST_TEXT + 5:,} characters" in text


def test_no_text_can_make_a_chat_unreadable() -> None:
    text = result_text([block("text", text="".join(NONCHARACTERS) + "\ud800 ok")])
    assert text == "\ufffd" * (len(NONCHARACTERS) + 1) + " ok"
