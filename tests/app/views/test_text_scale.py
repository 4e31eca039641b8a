"""Icons, marks and switches stand beside words: they grow with the text size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.dot import Dot
from qwen3mlx_app.views.icon_label import IconLabel
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.meter import Meter
from qwen3mlx_app.views.switch import Switch

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, program_of

PAGES = ("chat", "models", "tools", "quantize", "server", "settings")
DRAWN = (Dot, IconLabel, Meter, Switch)


def drawn_sizes(window: MainWindow) -> dict[QWidget, QSize]:
    """The size of each button's icon, and of whatever else is drawn."""
    found: dict[QWidget, QSize] = {}
    for one in window.findChildren(QAbstractButton):
        if not one.icon().isNull() and not one.objectName().startswith("qt_"):
            found[one] = one.iconSize()
    for kind in DRAWN:
        found |= {one: one.sizeHint() for one in window.findChildren(kind)}
    return found


@pytest.mark.parametrize("size", [11, 24])
def test_icons_grow_with_the_text(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, size: int
) -> None:
    fake.script = [answer("```python\nprint(1)\n```")]
    ask(window, qtbot, "Code")
    for page in PAGES:
        window.show_page(page)
    before = drawn_sizes(window)
    program_of(window).settings.update(font_size=size)
    QApplication.processEvents()
    after = drawn_sizes(window)
    both = [one for one in before if one in after]
    assert len(both) > 50
    assert {type(one) for one in both} >= set(DRAWN)
    for one in both:
        grown = before[one].width() * size / 14
        assert abs(after[one].width() - grown) < 4, (one, one.accessibleName())


def test_a_field_has_room_for_its_glass_at_any_size(window: MainWindow) -> None:
    field = window.sidebar.search
    [glass] = field.findChildren(IconLabel)
    for size in (11, 14, 24):
        program_of(window).settings.update(font_size=size)
        QApplication.processEvents()
        assert glass.width() == pytest.approx(15 * size / 14, abs=1)
        assert glass.geometry().right() < field.cursorRect().left() + 2
