"""Markdown becomes blocks; what is hostile in it stays text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.links import is_safe
from qwen3mlx_app.views.long_words import breakable
from qwen3mlx_app.views.markdown import Block, BlockReader
from qwen3mlx_app.views.parts import parts, to_html

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


def html_of(text: str) -> str:
    """The rich text of all its parts."""
    return "".join(part.html for block in read(text) for part in parts(block))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"$\alpha \le \beta^2$", "α ≤ β²"),
        (r"\(x_{12}\)", "x₁₂"),
        (r"$\frac{1}{2}$ and $\frac{a+b}{2c}$", "1/2 and (a + b)/2c"),
        (r"$\sqrt{\frac{a}{b}} + \sqrt[3]{x}$", "√(a/b) + ³√x"),
        (r"$x \in \mathbb{R}$, $\mathcal{O}(n)$", "x ∈ ℝ, 𝒪(n)"),
        (r"$\log_2 n + \sin x$", "log₂ n + sin x"),
        (r"$e^{-x^2/2}$", "e^{−x²/2}"),
        (r"$-b \pm \sqrt{b^2-4ac}$", "−b ± √(b² − 4ac)"),
        (r"$\sum_{i=1}^{n} i$", "∑ᵢ₌₁ⁿ i"),
        (r"$\lim_{x \to 0} f'(x)$", "lim_{x→0} f′(x)"),
        (r"$\begin{pmatrix} a & b \\ c & d \end{pmatrix}$", "(a b; c d)"),
        (r"$\text{if } x<0 \text{ and } 90^\circ$", "if x < 0 and 90°"),
        (r"$\left\{ x \mid x > 0 \right\}$", "{x ∣ x > 0}"),
        (r"$\hat{x} \overline{AB} \vec v$", "x̂A̅B̅v⃗"),
        (r"$\frac{\partial f}{\partial x}$, $\ce{H2O}$", "∂f/∂x, H₂O"),
        (r"$\frac12 x_{i,j}$", "1/2x_{i,j}"),
        (r"$\unknown{x}$", r"\unknownx"),
        ("it costs $5 and $6", "it costs $5 and $6"),
        ("`$x^2$` stays", "`$x^2$` stays"),
        (r"a \$5 note", "a $5 note"),
        (r"$\frac{1}$", r"`\frac{1}`"),
    ],
)
def test_formulas_are_legible(text: str, shown: str) -> None:
    made = html_of(text)
    for tag, mark in (("em", ""), ("code", "`"), ("p", "")):
        made = made.replace(f"<{tag}>", mark).replace(f"</{tag}>", mark)
    for tag, mark in (("sup", "^"), ("sub", "_")):
        made = made.replace(f"<{tag}>", f"{mark}{{").replace(f"</{tag}>", "}")
    assert html.unescape(made) == shown


DISPLAYED = {
    "matrix": r"\[ A = \begin{bmatrix} a & b \\ c & d \end{bmatrix} \]",
    "cases": "$$\nf(x) = \\begin{cases} 1 & x > 0 \\\\ 0 & x \\le 0 \\end{cases}\n$$",
    "aligned": "\\begin{aligned}\na &= b \\\\\n- c &= d \\tag{1}\n\\end{aligned}",
    "fraction": r"$$\frac{a+b}{c}$$",
    "in a list": "- one\n\n  $$\n  \\frac{a}{b}\n  $$\n- two",
}


@pytest.mark.parametrize("name", DISPLAYED)
def test_displayed_formulas_are_set(name: str) -> None:
    made = html_of(DISPLAYED[name])
    assert "<table" in made
    for source in ("\\", "$", "&amp;", "begin", "frac", "tag"):
        assert source not in made


def test_lines_of_a_formula_are_neither_lists_nor_headings() -> None:
    for text in ("$$\na\n- b\n# c\n=\nd\n$$", "\\[\nx\n= y\n---\n\\]"):
        assert len(read(text)) == 1
    assert [block.source for block in read("$$\nnot closed\n\nnext")] == ["$$\nnot closed", "next"]


@given(st.text(st.sampled_from("$\\{}()[]^_&`ab12 fracsqrt\n"), max_size=60))
def test_any_formula_is_survived(text: str) -> None:
    for block in read(f"$$\n{text}\n$$"):
        parts(block)
    html_of(f"${text}$")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**重点：**内容", "<strong>重点：</strong>内容"),
        ("他说**“你好”**了", "他说<strong>“你好”</strong>了"),
        ("请用**`pip`**安装", "请用<strong><code>pip</code></strong>安装"),
        ("**一。**二**三。**", "<strong>一。</strong>二<strong>三。</strong>"),
        ("*强调，*继续", "<em>强调，</em>继续"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_名", "snake_case_名"),
        ("one\ntwo", "one<br>\ntwo"),
        ("H<sub>2</sub>O<br/>x", "H<sub>2</sub>O<br>\nx"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
    ],
)
def test_emphasis_lines_and_tags_as_models_write_them(text: str, shown: str) -> None:
    assert html_of(text) == f"<p>{shown}</p>"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://a.org/b_c(d), and (http://e.org).", ["https://a.org/b_c(d)", "http://e.org"]),
        ("请看https://a.org/x，谢谢", ["https://a.org/x"]),
        ("www.a.org!", ["https://www.a.org"]),
        ("[x](https://a.org) `https://b.org`", ["https://a.org"]),
        ("[https://a.org](https://b.org)", ["https://b.org"]),
        ("<https://a.org>", ["https://a.org"]),
        ("file.py, a.md, e.g.", []),
        (
            "[docs][1] [Docs]\n\n[1]: https://a.org\n[docs]: <https://b.org>",
            ["https://a.org", "https://b.org"],
        ),
        ("[x][1]\n\n[1]: javascript:alert(1)", []),
    ],
)
def test_addresses_are_links(text: str, urls: list[str]) -> None:
    assert re.findall('href="([^"]*)"', html_of(text)) == urls


def test_a_definition_that_comes_later_changes_what_refers_to_it() -> None:
    reader = BlockReader()
    text = "one\n\nsee [it] and note[^1]\n\ntwo\n\nthree\n\n"
    reader.read(text)
    defined = text + "[it]: https://a.org\n[^1]: A *note*.\n"
    assert reader.read(defined) <= 1
    assert reader.blocks == read(defined)
    assert html_of(defined).count("<sup>1</sup>") == 2
    assert "A <em>note</em>." in html_of(defined)
    assert 'href="https://a.org"' in html_of(defined)
    assert "[it]" not in html_of(defined)


def test_the_parts_of_a_list() -> None:
    text = (
        "3. one\n   ```py\n   x\n   ```\n   after\n4. two\n   - [x] done\n   - [ ] to do\n   - *a*"
    )
    shown = [
        ("text", "3.", 1, "<p>one</p>"),
        ("code", "", 1, ""),
        ("text", "", 1, "<p>after</p>"),
        ("text", "4.", 1, "<p>two</p>"),
        ("text", "☑", 2, "<p>done</p>"),
        ("text", "☐", 2, "<p>to do</p>"),
        ("text", "•", 2, "<p><em>a</em></p>"),
    ]
    (block,) = read(text)
    made = [part for part in parts(block) if part.kind != "lines"]
    assert [(part.kind, part.marker, part.depth, part.html) for part in made] == shown
    assert made[1].code == Block("x", "py")


def test_the_parts_of_a_quote() -> None:
    (block,) = read("> a\n>\n> - b\n>   > c")
    assert [(part.html, part.bars) for part in parts(block)] == [
        ("<p>a</p>", (0,)),
        ("<p>b</p>", (0,)),
        ("<p>c</p>", (0, 2)),
    ]


def test_long_words_may_be_broken_and_nothing_else_changes() -> None:
    word = "x" * 23 + "&lt;" + "y" * 50
    shown = f'<a href="https://{"a" * 90}.org">{word}</a> short words <b>stay</b>'
    broken = breakable(shown)
    assert broken.replace("\u200b", "") == shown
    assert f"{'x' * 23}&lt;\u200b{'y' * 24}\u200b{'y' * 24}\u200b{'y' * 2}</a>" in broken
    assert broken.count("\u200b") == 3
    assert breakable("a " * 100) == "a " * 100
    large = breakable("(javascript:alert(1))", 24)  # in the narrowest window, 15 fit
    assert max(map(len, large.split("\u200b"))) == 14


def test_a_word_that_tags_part_is_breakable_as_a_whole() -> None:
    """Such as a call in coloured code."""
    word = "".join(f'<span style="color: red">.name{n}</span><span>(&lt;)</span>' for n in range(9))
    broken = breakable(f"return {word}<br>{word} end")
    assert broken.replace("\u200b", "") == f"return {word}<br>{word} end"
    for line in re.sub("<span[^>]*>|</span>", "", broken).split("<br>"):
        pieces = re.split(r"[\s\u200b]", html.unescape(line))
        assert max(map(len, pieces)) == 24
    spaced = "<b>some words</b> <i>and more</i> of them, none of which is long"
    assert breakable(spaced) == spaced


def whole(text: str) -> list[Block]:
    reader = BlockReader(portions=False)
    reader.read(text)
    return reader.blocks


ITEMS = ["one", "two *words*", "a\n   - deeper\n   - still", "b\n   ```\n   c\n   ```", "c\n\n   d"]


@given(
    st.lists(st.sampled_from(ITEMS), min_size=17, max_size=60), st.sampled_from(["3.", "-", "0)"])
)
def test_a_long_list_is_the_same_in_portions(items: list[str], marker: str) -> None:
    text = "before\n\n" + "\n".join(f"{marker} {item}" for item in items) + "\n\nafter"
    portions, blocks = read(text), whole(text)
    assert len(portions) > len(blocks) == 3
    found, expected = (
        [part for block in some for part in parts(block)] for some in (portions, blocks)
    )
    for part, same in zip(found, expected, strict=True):
        assert (part.html, part.marker, part.depth) == (same.html, same.marker, same.depth)
        assert part.code == same.code
    assert [block.goes_on for block in portions[1:-1]] == [False] + [True] * (len(portions) - 3)


def test_a_long_table_is_the_same_in_portions() -> None:
    rows = "".join(f"| {n} | `x` | **{n}** |\n" for n in range(50))
    text = f"| a | b | c |\n|---|:-:|--:|\n{rows}"
    (block,) = whole(text)
    (table,) = parts(block)
    portions = [parts(one) for one in read(text)]
    assert len(portions) == 7
    assert all(len(one) == 1 for one in portions)
    found = "".join(one[0].html for one in portions)
    assert found.count("<thead>") == 1
    assert re.findall("<t[dh].*", found) == re.findall("<t[dh].*", table.html)
    assert [(one[0].gap, one[0].goes_on) for one in portions[1:]] == [(0, True)] * 6


def test_what_only_looks_like_a_table_stays_whole() -> None:
    for head in ("a | b\n- | c\n", "| a |\n|---|---|\n", "a\n|---|---|\n"):
        text = head + "x | y\n" * 50
        assert [block.source for block in read(text)] == [block.source for block in whole(text)]


@pytest.mark.parametrize("line", ["- item {}\n", "{0}. item\n", "| {0} | {0} |\n"])
def test_a_long_list_or_table_that_grows_changes_only_its_last_block(line: str) -> None:
    text = "| a | b |\n|---|---|\n" if "|" in line else ""
    text += "".join(line.format(n) for n in range(200))
    reader = BlockReader()
    reader.read(text)
    for n in range(200, 240):
        text += line.format(n)
        num_blocks = len(reader.blocks)
        assert reader.read(text) >= num_blocks - 1
    assert reader.blocks == read(text)


def test_a_list_too_large_for_rich_text_stays_whole() -> None:
    text = "".join(f"- {'*a* ' * 40}\n" for _ in range(60))
    (block,) = read(text)
    assert block.is_plain
    assert block.source == text.rstrip("\n")
