"""A page with all that models write: what each part becomes, and how it stands on the screen."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.copy_button import CopyButton
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.markdown import BlockReader
from qwen3mlx_app.views.message_text import MessageText
from qwen3mlx_app.views.part_widgets import TablePart
from qwen3mlx_app.views.parts import parts

from .messages import cards, said, told

PAGE = Path(__file__).with_name("torture.md")


def picture() -> list[str]:
    """The page in words: for each part its kind, depth, bars, marker and text."""
    reader = BlockReader()
    reader.read(PAGE.read_text(encoding="utf-8"))
    lines = []
    for block in reader.blocks:
        for part in parts(block):
            if part.kind == "lines":  # of the code above
                continue
            text = re.sub(r"</t[dh]>\s*(?=<t)", " | ", part.html).replace("</tr>", " /")
            text = html.unescape(re.sub(r"</?(?:p|table|t\w+)\b[^>]*>|\n", "", text))
            shown = text if part.code is None else f"{part.code.language}: {part.code.source}"
            lines.append(f"{part.kind} {part.depth}{'|' * len(part.bars)} {part.marker} {shown}")
    return lines


def test_each_part_of_the_page_is_what_it_is_meant_to_be() -> None:
    expected = PAGE.with_suffix(".txt").read_text(encoding="utf-8")
    assert "\n".join(picture()) + "\n" == expected


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> MessageText:
    """The page on the screen."""
    told(window, said("Everything", "user"), said(PAGE.read_text(encoding="utf-8")))
    window.chat.messages.verticalScrollBar().setValue(0)
    return cards(window)[-1].findChildren(MessageText)[0]


def label(page: MessageText, text: str) -> QLabel:
    return next(one for one in page.labels() if text in one.text())


def image(page: MessageText) -> QImage:
    QApplication.processEvents()
    return page.grab().toImage()


def test_a_wide_table_scrolls_and_the_window_stays(page: MessageText) -> None:
    narrow, wide = page.findChildren(TablePart)[:2]
    assert narrow.horizontalScrollBar().maximum() == 0
    assert wide.horizontalScrollBar().maximum() > 0
    assert wide.width() == page.width()
    assert wide.geometry().bottom() < label(page, "Inline").y()


@pytest.mark.slow
def test_a_quote_has_a_bar_for_each_level(page: MessageText, window: MainWindow) -> None:
    quote, inner = label(page, "A quote"), label(page, "nested quote")
    line = QColor(window.theme.colours.line)
    shot = image(page)

    def bars(at: QLabel) -> int:
        colours = [shot.pixelColor(x, at.y() + at.height() // 2) == line for x in range(at.x())]
        return sum(
            now and not before for before, now in zip([False, *colours], colours, strict=False)
        )

    assert (bars(quote), bars(inner)) == (1, 2)


@pytest.mark.slow
def test_markers_stand_clear_of_the_text(page: MessageText) -> None:
    shot = image(page)
    ground = shot.pixelColor(0, 0)
    for text in ("First", "deeper", "to do"):
        item = label(page, text)
        rows = range(item.y(), item.y() + item.height())
        drawn = [x for x in range(item.x()) if any(shot.pixelColor(x, y) != ground for y in rows)]
        assert drawn, text
        assert item.x() - drawn[-1] >= 6, text


def test_headings_have_space_above(page: MessageText) -> None:
    before, heading = label(page, "重点"), label(page, "Lists</h2>")
    after = label(page, "First")
    above = heading.y() - before.geometry().bottom()
    assert above > after.y() - heading.geometry().bottom() > 0


def test_code_in_a_list_has_its_frame_and_its_button(page: MessageText) -> None:
    (button,) = [one for one in page.findChildren(CopyButton) if one.isVisible()]
    assert button.accessibleName() == "Copy code"
    frame = button.parentWidget()
    assert frame is not None
    assert frame.objectName() == "code"
    assert frame.mapTo(page, frame.rect().topLeft()).x() == label(page, "First").x()
