"""At the least width of the window, in large and small text and both languages, all is in sight."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ApiKey, BuiltInTools, ModelFolder, Tool, ToolServer, ToolServers
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.model_button import ElidingButton
from qwen3mlx_app.views.plain import NameLabel
from qwen3mlx_app.views.tools import ToolsPage

from ..fake_endpoint import MODEL, FakeEndpoint, answer
from .support import ask, program_of
from .test_quantize_page import QUALITY

NARROW, PAGES = 480, ("chat", "models", "quantize", "tools", "server", "settings")
LONG = "a-server-with-a-name-that-nobody-would-give"


def sideways(page: QWidget) -> Iterator[str]:
    """What makes a page scroll sideways: it reaches over the edge, and nothing in it does."""
    areas = [one for one in page.findChildren(QScrollArea) if one.isVisible()]
    for area in areas[:1]:  # tables and code have their own
        if area.horizontalScrollBar().maximum() > 0:
            wide = [one for one in area.widget().findChildren(QWidget) if is_over(one, area)]
            for one in wide:
                if not any(one.isAncestorOf(other) for other in wide):
                    yield f"{type(one).__name__} {getattr(one, 'text', one.accessibleName)()}"
            yield f"{area.horizontalScrollBar().maximum()} pixels"


def is_over(one: QWidget, area: QScrollArea) -> bool:
    right = one.mapTo(area.widget(), one.rect().topRight()).x()
    return one.isVisible() and right >= area.viewport().width()


def cut(page: QWidget) -> Iterator[str]:
    """Texts that are cut off. An ellipsis is none: a tip has all of it."""
    for one in page.findChildren(QWidget):
        if not one.isVisible() or one.window() is not page.window():
            continue
        if isinstance(one, QLabel) and one.text() and not isinstance(one, NameLabel):
            room = one.contentsRect()
            flags = Qt.TextFlag.TextWordWrap if one.wordWrap() else Qt.TextFlag.TextExpandTabs
            tall = QRect(0, 0, room.width(), 100_000)
            needed = one.fontMetrics().boundingRect(tall, flags, one.text())
            if one.textFormat() != Qt.TextFormat.RichText and (
                needed.width() > room.width() or needed.height() > room.height()
            ):
                yield f"{one.text()!r} {needed.size()} in {room.size()}"
        elif isinstance(one, ElidingButton):
            continue
        elif isinstance(one, QPushButton | QToolButton) and has_text(one):
            if (
                one.width() < one.minimumSizeHint().width()
                or one.height() < one.sizeHint().height()
            ):
                yield f"button {one.text()!r} {one.size()} of {one.sizeHint()}"
        elif isinstance(one, QTabBar):
            hidden = [one.tabText(n) for n in range(one.count()) if not one.tabRect(n).isValid()]
            yield from hidden


def has_text(button: QPushButton | QToolButton) -> bool:
    icon_only = Qt.ToolButtonStyle.ToolButtonIconOnly
    return bool(button.text()) and not (
        isinstance(button, QToolButton) and button.toolButtonStyle() == icon_only
    )


def outside(page: QWidget) -> Iterator[str]:
    """What reaches over an edge of what holds it."""
    for one in page.findChildren(QAbstractButton):
        holder = one.parentWidget()
        if not one.isVisible() or holder is None or isinstance(holder, QAbstractScrollArea):
            continue
        if not holder.rect().contains(one.geometry()):
            yield f"{one.accessibleName() or one.text()} {one.geometry()} in {holder.rect()}"


def fill(window: MainWindow, fake: FakeEndpoint) -> None:
    """Everything that the pages can have, with long names."""
    program = program_of(window)
    model = copy.deepcopy(MODEL)
    models = [
        MODEL,
        {**model, "id": "lab/" + LONG, "state": "not-loaded", "loaded": None, "source": "cache"},
        {**model, "id": "lab/loading", "state": "loading", "load_progress": 0.5, "loaded": None},
        {**model, "id": "lab/big", "fit": {**model["fit"], "verdict": "too-large"}},
    ]
    broken = {"name": "lab/" + LONG, "reason": "model-00002-of-00004.safetensors is missing."}
    told = {"models": models, "skipped": [broken]}
    fake.replies["/api/qwen3mlx/models"] = (200, json.dumps(told).encode())
    gone = (503, json.dumps({"error": {"message": "busy"}}).encode())
    for path in ("tools/servers", "tools/builtin", "keys"):
        fake.replies[f"/api/qwen3mlx/{path}"] = gone
    program.models.refresh()
    paths = [f"/Volumes/{'x' * number}/models" for number in (1, 50)]
    folders = [ModelFolder(path=one, source="user", exists=True, num_models=12) for one in paths]
    program.models.folders_changed.emit(folders)
    keys = [
        ApiKey(name=name, scope="models", created="2026-01-01T00:00:00Z", last_used=None)
        for name in ("laptop", LONG)
    ]
    program.server.keys = keys
    program.server.keys_changed.emit(keys)
    own = BuiltInTools(fetch_page=True, run_python=False, folders=tuple(paths), sandbox=False)
    program.tools._show_own(own)
    servers = (
        ToolServer(name="sums", command="uvx", args=("sums-mcp",), state="running", num_tools=1),
        ToolServer(name=LONG, command=LONG, args=(LONG,), state="failed", error="It ended."),
        ToolServer(name="far", url="https://mcp.example.com/" + LONG, wants_sign_in=True),
        ToolServer(name="off", command="x", disabled=True, note="Its “env” cannot be used."),
    )
    program.tools._show(ToolServers(path="", servers=servers, faults=()))
    schema = {
        "type": "object",
        "properties": {
            "first_operand": {"type": "number", "description": "What is added"},
            LONG: {"type": "boolean"},
        },
        "required": ["first_operand"],
    }
    tool = Tool(name="add_two_numbers", description="Adds two.", schema=schema, consent="always")
    program.tools._show_tools("sums", [tool])
    program.quantize.qualities.set_values([QUALITY, replace(QUALITY, name="Qwen3-0.6B-8bit")])


def unfold(page: QWidget) -> None:
    """Everything that can be opened on it."""
    if isinstance(page, ToolsPage):
        card = page._cards.by_key["sums"]
        card._fold.setChecked(True)
        card._rows["add_two_numbers"]._test.setChecked(True)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize(
    "size",
    [24, *(pytest.param(size, marks=pytest.mark.slow) for size in (10, 13, 14, 16, 18, 20, 22))],
)
def test_at_480_pixels_nothing_is_cut_and_nothing_scrolls_sideways(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint, language: str, size: int
) -> None:
    program_of(window).settings.update(font_size=size)
    if language != "en":
        with qtbot.waitSignal(window.rebuilt):
            program_of(window).settings.update(language=language)
        QApplication.sendPostedEvents()
    fake.script = [answer("word " * 40 + "\n\n```python\nprint(1)\n```")]
    window.resize(NARROW, 640)
    ask(window, qtbot, "Hi")
    fill(window, fake)
    found: dict[str, list[str]] = {}
    for name in PAGES:
        window.show_page(name)
        unfold(window.page)
        for _ in range(5):
            QApplication.processEvents()
            window.chat.messages.lay_out()
        page: Any = window.page
        found[name] = [*sideways(page), *cut(page), *outside(page)]
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert window.width() == NARROW
