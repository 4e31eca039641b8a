"""Markdown becomes blocks; what is hostile in it stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.links import is_safe
from qwen3mlx_app.views.markdown import Block, BlockReader, breakable, to_html
from qwen3mlx_app.views.tex import plain_tex

TEXT = """# Title

A *paragraph* with `code`,
on two lines.

- one
- two

  still two

```python
print("# no title")

```

| a | b |
|---|---|
| 1 | 2 |

> quoted

    indented code

last
"""
PIECES = ["# h\n", "text ", "\n", "\n\n", "- item\n", "  more\n", "```py\n", "```\n", "> q\n"]
PIECES += ["1. x\n", "|a|b|\n", "|-|-|\n", "***\n", "    code\n", "*b*", "$x^2$", "\\(", "<b>"]
PIECES += ["\u2028", "\x0c"]
pieces = st.lists(st.sampled_from(PIECES), max_size=25)


def read(text: str) -> list[Block]:
    reader = BlockReader()
    reader.read(text)
    return reader.blocks


def test_the_blocks_of_a_text() -> None:
    blocks = read(TEXT)
    assert [block.language for block in blocks] == [
        None,
        None,
        None,
        "python",
        None,
        None,
        "",
        None,
    ]
    assert blocks[3].source == 'print("# no title")'
    assert blocks[2].source == "- one\n- two\n\n  still two"


@given(pieces)
def test_a_text_that_grows_has_the_blocks_of_the_whole(parts: list[str]) -> None:
    reader = BlockReader()
    text = ""
    for part in parts:
        text += part
        before = list(reader.blocks)
        unchanged = reader.read(text)
        assert reader.blocks[:unchanged] == before[:unchanged]
    assert reader.blocks == read(text)


@given(st.text(max_size=200))
def test_any_text_is_shown(text: str) -> None:
    for block in read(text):
        to_html(block)


def test_another_text_begins_anew() -> None:
    reader = BlockReader()
    reader.read(TEXT)
    reader.read("other")
    assert reader.blocks == [Block("other")]


def test_a_long_text_is_not_read_again_from_the_beginning() -> None:
    reader = BlockReader()
    text = "".join(f"paragraph {n}\n\n" for n in range(300))
    reader.read(text)
    assert reader.read(text + "more") >= 297


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src="http://evil.example/x.png">',
        "<a href='file:///etc/passwd'>x</a>",
        "![x](http://evil.example/x.png)",
        "![x](data:image/png;base64,AAAA)",
        "[x](javascript:alert(1))",
        "[x](file:///etc/passwd)",
        "[x]( JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>)",
        "[x]\n\n[x]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "<file:///etc/passwd>",
    ],
)
def test_nothing_hostile_becomes_markup(text: str) -> None:
    shown = "".join(to_html(block) for block in read(text)).lower()
    assert "<script" not in shown
    assert "<img" not in shown
    for scheme in ("javascript:", "file:", "data:"):
        assert f'href="{scheme}' not in shown


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.com", True),
        ("http://127.0.0.1:1234/x?y", True),
        ("mailto:a@b.c", True),
        ("HTTPS://example.com", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("vbscript:x", False),
        ("//example.com", False),
        ("/etc/passwd", False),
        ("x-apple-helpbasic://", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_which_links_may_be_opened(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"$\alpha \le \beta^2$", "α≤β²"),
        (r"\(x_{12}\)", "x₁₂"),
        (r"$\frac{1}{2}$", "(1)/(2)"),
        (r"$\sqrt{\frac{a}{b}}$", "√((a)/(b))"),
        (r"$x \in \mathbb{R}$", "x ∈ℝ"),
        ("it costs $5 and $6", "it costs $5 and $6"),
        ("`$x^2$` stays", "`$x^2$` stays"),
        ("no formula at all", "no formula at all"),
        (r"a \$5 note", r"a \$5 note"),
    ],
)
def test_formulas_are_legible(text: str, shown: str) -> None:
    assert plain_tex(text) == shown


@given(st.text(st.sampled_from("$\\{}()[]^_`ab12 fracsqrt"), max_size=60))
def test_any_formula_is_survived(text: str) -> None:
    plain_tex(text)


def test_long_words_may_be_broken_and_nothing_else_changes() -> None:
    word = "x" * 23 + "&lt;" + "y" * 50
    shown = f'<a href="https://{"a" * 90}.org">{word}</a> short words <b>stay</b>'
    broken = breakable(shown)
    assert broken.replace("\u200b", "") == shown
    assert f"{'x' * 23}&lt;\u200b{'y' * 24}\u200b{'y' * 24}\u200b{'y' * 2}</a>" in broken
    assert broken.count("\u200b") == 3
    assert breakable("a " * 100) == "a " * 100
