"""Qt's start. Where Qt can open no window, it ends the process: that is told in one sentence."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from .linux import INSTALL


def start_qt() -> QApplication:
    """Return the application. Where there is no display that Qt can use, exit with 1."""
    warnings: list[str] = []

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind == QtMsgType.QtFatalMsg:  # Qt aborts the process after this call
            print(f"qwen3mlx: {_reason([*warnings, text])}", file=sys.stderr, flush=True)
            os._exit(1)
        warnings.append(text)

    earlier = qInstallMessageHandler(hear)
    application = QApplication(["qwen3mlx"])
    qInstallMessageHandler(earlier)
    for text in warnings:
        print(text, file=sys.stderr)
    return application


def _reason(messages: list[str]) -> str:
    reason = " ".join(messages[0].split()).rstrip(".")
    advice = "check DISPLAY and WAYLAND_DISPLAY, or use `qwen3mlx run` to chat in the terminal"
    if sys.platform == "linux" and "could not connect" not in reason:
        advice = INSTALL
    return f"Qt cannot open a window ({reason}): {advice}."
