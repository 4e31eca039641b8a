"""Layout time of a model's or document's text is proportional to its length."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import AppSettings
from qwen3mlx_app.services.child import Child
from qwen3mlx_app.views import highlighter, message_text, part_widgets
from qwen3mlx_app.views.highlighter import Highlighter
from qwen3mlx_app.views.markdown import Block, BlockReader
from qwen3mlx_app.views.message_text import MessageText
from qwen3mlx_app.views.parts import to_html
from qwen3mlx_app.views.pieces import coloured, pieces, plain
from qwen3mlx_app.views.rich_text import RichLabel
from qwen3mlx_app.views.theme import Theme

from tests.support.places import PROGRAM

from .hostile.texts import BOMBS
from .window import opened  # noqa: F401  chooses the platform

STUCK = (sys.executable, "-c", "from tests.security.hostile.stuck import main; main()")

# Both longer than a formula may be: up to there one that is too deep costs next to nothing.
SHORT, LONG = 5000, 20_000
# Characters that arrive at once in a growing text.
STEP = 100
# Those of the default run, one of each kind.
FEW = [
    *("TeX that nothing closes", "links with titles", "mixed emphasis", "a padded table", "a list"),
    *("small blocks", "code", "one paragraph", "spaces", "quotes in quotes"),
]
NAMES = [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in BOMBS]


def calls(work: Callable[[], object]) -> int:
    """Count the function calls in it, in Python and elsewhere."""
    count = 0

    def see(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def read_and_render(text: str) -> None:
    reader = BlockReader()
    reader.read(text)
    for block in reader.blocks:
        if block.language is None and not block.is_plain:
            to_html(block)
        else:
            [plain(piece) for _, piece in pieces(block.source)]


@pytest.mark.parametrize("name", NAMES)
def test_a_text_four_times_as_long_takes_four_times_the_work(name: str) -> None:
    read_and_render("warm up: *the* first use imports")
    short, long = (calls(partial(read_and_render, BOMBS[name](n))) for n in (SHORT, LONG))
    assert long <= 5 * short + 5000, (short, long)
    assert long <= 40 * LONG


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_grows_is_not_read_again_for_each_word(name: str) -> None:
    def num_read(text: str) -> int:
        reader = BlockReader()
        for end in range(STEP, len(text) + STEP, STEP):
            reader.read(text[:end], growing=True)
        return reader.num_read

    short, long = num_read(BOMBS[name](SHORT)), num_read(BOMBS[name](LONG))
    assert long <= 6 * short + 20 * SHORT, (short, long)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The looks of the application are put back."""
    font, palette, sheet = qapp.font(), qapp.palette(), qapp.styleSheet()
    made = Theme(AppSettings(), qapp, PROGRAM)
    yield made
    made.deleteLater()
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.mark.parametrize("name", ["code", "one paragraph"])
def test_little_of_a_growing_answer_is_laid_out_again(
    name: str, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out = 0
    really = RichLabel.setText

    def set_text(label: RichLabel, text: str) -> None:
        nonlocal laid_out
        laid_out += len(text)
        really(label, text)

    monkeypatch.setattr(RichLabel, "setText", set_text)
    monkeypatch.setattr(part_widgets, "text_style", lambda *_, **__: "")

    def grow(text: str) -> int:
        nonlocal laid_out
        laid_out, widget = 0, MessageText(theme)
        for end in range(STEP, len(text), STEP):
            widget.show_text(text[:end], growing=True)
            widget.step(math.inf)
        widget.show_text(text)
        widget.step(math.inf)
        widget.deleteLater()
        return laid_out

    short, long = grow(BOMBS[name](SHORT // 2)), grow(BOMBS[name](LONG // 2))
    assert long <= 6 * short + 5 * LONG, (short, long)


@pytest.mark.parametrize("name", NAMES)
def test_a_long_text_has_few_widgets(name: str, theme: Theme, monkeypatch: Any) -> None:
    laid_out: list[str] = []
    monkeypatch.setattr(RichLabel, "setText", lambda _, text: laid_out.append(text))
    monkeypatch.setattr(RichLabel, "heightForWidth", lambda *_: 1)
    monkeypatch.setattr(part_widgets, "text_style", lambda *_, **__: "")
    text = BOMBS[name](300_000)
    widget = MessageText(theme)
    widget.show_text(text)
    widget.step(math.inf)
    assert widget.is_whole()
    assert len(laid_out) < 500
    assert sum(map(len, laid_out)) < 8 * message_text.MAX_SHOWN
    assert sum(piece.count("<td") for piece in laid_out) <= 3000
    widget.deleteLater()


def test_what_is_shown_as_it_is_has_all_of_it() -> None:
    reader = BlockReader()
    reader.read("first\n\n" + "*a " * 9000 + "\n\nlast")
    first, bomb, last = reader.blocks
    assert (first.is_plain, bomb.is_plain, last.is_plain) == (False, True, False)
    assert bomb.source == ("*a " * 9000).rstrip("\n")


@pytest.mark.parametrize("source", ["a\nb\n\nc", "x" * 20_000, "line\n" * 1000, "", "\n\n"])
def test_pieces_are_the_whole(source: str) -> None:
    cut = list(pieces(source))
    texts = [piece for _, piece in cut]
    assert "".join(texts).replace("\n", "") == source.replace("\n", "")
    lines = source.split("\n")
    if max(map(len, lines)) < 6000:
        assert "\n".join(texts) == source
        assert [coloured(lines, *piece) for piece in cut] == [plain(piece) for piece in texts]
    # More at its end changes the last alone.
    assert list(pieces(source + "more\n" * 500))[: len(cut) - 1] == cut[:-1]


def test_code_that_never_ends_for_its_lexer_is_given_up(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text after it keeps its colors."""
    monkeypatch.setattr(highlighter, "MAX_FAILURES", 99)
    colours = Highlighter(PROGRAM, patience=60)
    told: list[Block] = []

    class Waiter:
        def hear(self, block: Block) -> None:
            told.append(block)

    waiter = Waiter()
    stuck = Child(STUCK, 0.5)
    assert stuck.ask("for ever") is None
    stuck = Child(STUCK, 60)
    assert stuck.ask("echo") == "echo"
    stuck.close()
    good = Block("x = 1", "python")
    colours.want(Block("x", "no such language"), waiter.hear)
    colours.want(good, waiter.hear)
    qtbot.waitUntil(lambda: told == [good], timeout=60_000)
    lines = colours.lines(good)
    assert lines is not None
    assert "<span" in lines[0]


def test_the_colours_of_code_leave_its_lines_as_they_are() -> None:
    from qwen3mlx_app.views import colouring

    source = "\n\n  def f(x):\n    '''a\n    b'''\n\n\treturn '<b>&' \u202e\n\n"
    lines = colouring.coloured(source, "python", "default")
    assert lines is not None
    assert len(lines) == source.count("\n") + 1
    assert "\u202e" not in "".join(lines)
    assert "<b>" not in "".join(lines)


def test_formulas_that_nothing_closes_stay_as_they_are() -> None:
    text = "\\(" * 1000 + " $x$ `$y$` \\(a\\)"
    assert to_html(Block("\\[ $x^2$")) == "<p>[ <em>x</em>²</p>\n"
    assert "<code>$y$</code>" in to_html(Block(text))
