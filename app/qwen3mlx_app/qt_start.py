"""Qt's start. Where Qt can open no window, it ends the process: that is told in one sentence."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import (
    QEvent,
    QMessageLogContext,
    QtMsgType,
    QUrl,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from .linux import INSTALL
from .services.own_links import SCHEME

# Where PyInstaller tells Qt, at the start of a bundle, what the bundle has for it.
_OF_THE_BUNDLE = ("QT_PLUGIN_PATH", "QML2_IMPORT_PATH")
# Qt says so where the environment has no UTF-8 (LANG=C), and takes it all the same.
_OTHER_LOCALE = 'Detected locale "'


class Application(QApplication):
    """Emits `link_opened(link)` for each link or file, as its URL, that macOS hands to the app."""

    link_opened = Signal(str)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.url().scheme() in (SCHEME, "file"):
            link = event.url().toString(QUrl.ComponentFormattingOption.FullyEncoded)
            self.link_opened.emit(link)
            return True
        return super().event(event)


def start_qt() -> Application:
    """Return the application. Where there is no display that Qt can use, exit with 1."""
    warnings: list[str] = []

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind == QtMsgType.QtFatalMsg:  # Qt aborts the process after this call
            print(f"qwen3mlx: {_reason([*warnings, text])}", file=sys.stderr, flush=True)
            os._exit(1)
        warnings.append(text)

    earlier = qInstallMessageHandler(hear)
    application = Application(["qwen3mlx"])
    qInstallMessageHandler(earlier)
    if getattr(sys, "frozen", False):  # Qt has read it; a browser that is opened must not
        for name in _OF_THE_BUNDLE:
            os.environ.pop(name, None)
    for text in warnings:
        if not text.startswith(_OTHER_LOCALE):
            print(text, file=sys.stderr)
    return application


def _reason(messages: list[str]) -> str:
    reason = " ".join(messages[0].split()).rstrip(".")
    advice = "check DISPLAY and WAYLAND_DISPLAY, or use `qwen3mlx run` to chat in the terminal"
    if sys.platform == "linux" and "could not connect" not in reason:
        advice = INSTALL
    return f"Qt cannot open a window ({reason}): {advice}."
