"""Links to the app: the two that there are, and everything else refused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.own_links import (
    LONGEST_PROMPT,
    ChatLink,
    FileLink,
    ModelLink,
    RefusedLink,
    parse_link,
)
from qwen3mlx_app.services.plain import TEXT

_TEXT = st.text(
    st.characters(
        max_codepoint=0xDFFFF,
        exclude_categories=["Cc", "Cf", "Co", "Cs"],
        include_characters="\n\t\u200d",
    ),
    min_size=1,
)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("qwen3mlx://model?name=qwen3:8b-8bit", ModelLink("qwen3:8b-8bit")),
        ("qwen3mlx://model/?name=Qwen/Qwen3-8B", ModelLink("Qwen/Qwen3-8B")),
        ("qwen3mlx://model?name=Qwen%2FQwen3-8B", ModelLink("Qwen/Qwen3-8B")),
        ("qwen3mlx://chat", ChatLink("", "")),
        ("qwen3mlx://chat?model=demo", ChatLink("demo", "")),
        ("qwen3mlx://chat?prompt=a+b%20%E4%BD%A0&model=demo", ChatLink("demo", "a b 你")),
        ("file:///tmp/a%20%E4%BD%A0.json", FileLink(Path("/tmp/a 你.json"))),
        ("file://localhost/tmp/%FF", FileLink(Path("/tmp/\udcff"))),
    ],
)
def test_what_a_link_means(link: str, expected: object) -> None:
    assert parse_link(link) == expected


@pytest.mark.parametrize(
    "link",
    [
        "",
        "file:",
        "file://other/tmp/a.json",
        "file:///tmp/a%00b",
        "file:///tmp/a\n",
        "file:///" + "a" * 64_000,
        "qwen3mlx:",
        "qwen3mlx://",
        "qwen3mlx://run?command=ls",
        "qwen3mlx://CHAT",
        "QWEN3MLX://chat",
        "https://chat?model=demo",
        " qwen3mlx://chat",
        "qwen3mlx://chat\n",
        "qwen3mlx://ch\tat",
        "qwen3mlx://chat#now",
        "qwen3mlx://chat/x",
        "qwen3mlx://me@chat",
        "qwen3mlx://chat:80",
        "qwen3mlx://chat?model=demo&model=other",
        "qwen3mlx://chat?model=demo&send=1",
        "qwen3mlx://chat?model=demo&prompt=a&x",
        "qwen3mlx://chat?model",
        "qwen3mlx://chat?prompt=%FF",
        "qwen3mlx://chat?prompt=%0",
        "qwen3mlx://chat?prompt=%1b[31m",
        "qwen3mlx://chat?prompt=%00",
        "qwen3mlx://chat?prompt=a%E2%80%AEb",
        "qwen3mlx://chat?prompt=a%E2%80%8Bb",
        f"qwen3mlx://chat?prompt={quote('a' + chr(0xE0041))}",
        f"qwen3mlx://chat?prompt={quote('a' + chr(0xE0101))}",
        f"qwen3mlx://chat?prompt={quote('a' + chr(0xE000))}",
        "qwen3mlx://chat?prompt=你",
        "qwen3mlx://chat?prompt=" + "a" * 3001,
        "qwen3mlx://model",
        "qwen3mlx://model?name=",
        "qwen3mlx://model?name=/etc/passwd",
        "qwen3mlx://model?name=../../etc",
        "qwen3mlx://model?name=%2e%2e%2fetc",
        "qwen3mlx://model?name=~/model",
        "qwen3mlx://model?name=a/b/c",
        "qwen3mlx://model?name=a/../b",
        "qwen3mlx://model?name=--help",
        "qwen3mlx://model?name=a%20b",
        "qwen3mlx://model?name=a%5Cb",
        "qwen3mlx://model?name=file:///etc/passwd",
        "qwen3mlx://model?name=" + "a" * 201,
        "qwen3mlx://chat?" + "&".join(["prompt=a"] * 100_000),
    ],
)
def test_everything_else_is_refused(link: str) -> None:
    with pytest.raises(RefusedLink):
        parse_link(link)


def test_the_question_shows_the_longest_text() -> None:
    assert LONGEST_PROMPT < TEXT


@given(_TEXT)
def test_any_text_comes_through(text: str) -> None:
    assert parse_link(f"qwen3mlx://chat?prompt={quote(text)}") == ChatLink("", text)


@given(st.text())
def test_any_other_query_is_refused_or_holds_a_plain_name(query: str) -> None:
    try:
        link = parse_link(f"qwen3mlx://model?{query}")
    except RefusedLink:
        return
    assert isinstance(link, ModelLink)
    assert link.name.isascii()
    assert ".." not in link.name.split("/")
