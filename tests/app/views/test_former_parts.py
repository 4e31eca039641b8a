"""Parts that were made anew in another language leave nothing behind that still listens."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QMetaMethod, QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import RunningRequest
from qwen3mlx_app.models import ListModel
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, program_of, windows_of
from .test_language import speak
from .test_request_log_columns import ENTRY

PAGES = ("models", "tools", "quantize", "server", "settings", "chat")

RUNNING = RunningRequest(
    id=1,
    model="demo",
    path=None,
    client=None,
    address=None,
    phase="decode",
    prompt_tokens=1,
    prefilled_tokens=1,
    cached_tokens=0,
    completion_tokens=1,
    tokens_per_second=None,
    age=1.0,
)


def visit(window: MainWindow) -> None:
    """Each page is made when it is first shown."""
    for page in PAGES:
        window.show_page(page)
    assert window.chat.picker


def lasting(window: MainWindow) -> list[QObject]:
    """What stays when the parts are made anew: controllers, lists, the theme, the window."""
    roots = [program_of(window), windows_of(window).theme]
    found = [one for root in roots for one in (root, *root.findChildren(QObject))]
    return [*(one for one in found if not isinstance(one, QWidget)), window]


def listeners(senders: list[QObject]) -> dict[tuple[int, str], int]:
    """How many connections each of their signals has."""
    counts = {}
    for place, sender in enumerate(senders):
        if not shiboken6.isValid(sender):
            continue
        kind = sender.metaObject()
        for number in range(kind.methodCount()):
            method = kind.method(number)
            if method.methodType() == QMetaMethod.MethodType.Signal:
                signal = method.methodSignature().toStdString()
                name = f"{type(sender).__name__} {sender.objectName()}.{signal}"
                counts[place, name] = sender.receivers("2" + signal)
    return counts


def test_nothing_that_stays_gets_more_listeners(window: MainWindow, qtbot: QtBot) -> None:
    speak(window, "zh_CN", qtbot)
    visit(window)
    senders = lasting(window)
    before = listeners(senders)
    assert len(before) > 300
    assert sum(before.values()) > 100
    counts = [before]
    for language in ("en", "zh_CN"):
        speak(window, language, qtbot)
        visit(window)
        counts.append(listeners(senders))
    # What comes late, as a row does, is there once; what stays is added with every switch.
    first, second, third = ([one.get(key, 0) for key in before] for one in counts)
    rises = [a < b < c for a, b, c in zip(first, second, third, strict=True)]
    more = [key for key, has_risen in zip(before, rises, strict=True) if has_risen]
    assert more == []


def test_all_that_changes_after_a_switch_reaches_parts_that_are_there(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    """An exception in a slot fails a test."""
    visit(window)
    speak(window, "zh_CN", qtbot)
    program = program_of(window)
    program.server.running.set_values([RUNNING])
    program.server.log.set_values([ENTRY])
    fake.script = [answer("An answer.")]
    ask(window, qtbot, "Hello")
    lists = [one for one in lasting(window) if isinstance(one, ListModel)]
    assert len(lists) > 5
    for rows in lists:
        values = rows.values()
        rows.set_values(values[::-1])
        rows.set_values([])
        rows.set_values(values)
        rows.reset(values)
    program.server.state_changed.emit(program.server.state)
    program.settings.changed.emit(program.settings.settings)
    program.tools.tools_changed.emit("mini")
    program.models.refreshed.emit()
