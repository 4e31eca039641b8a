"""The log's columns can be read at any width, and it does not log the window's own counting."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import LogEntry
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.server.requests import LEAST, WIDEST

from .support import named, program_of

ENTRY = LogEntry(
    id=1,
    time=1.0,
    method="POST",
    path="/v1/chat/completions",
    client="python-httpx/0.28.1 on a very long operating system name",
    address="127.0.0.1",
    status=200,
    ms=1234.0,
    model="Qwen3-30B-A3B-Instruct-2507-MLX-4bit",
    prompt_tokens=32_768,
    cached_tokens=16_384,
    completion_tokens=2048,
)


@pytest.mark.parametrize("width", [790, 1400])
def test_every_column_can_be_read(window: MainWindow, qtbot: QtBot, width: int) -> None:
    window.show_page("server")
    window.resize(width, 700)
    table = named(window.page, QTableView, "Request log")
    assert isinstance(table, QTableView)
    program_of(window).server.log.insert_first(ENTRY, 1000)
    header = table.horizontalHeader()

    def are_readable() -> bool:
        return header.sectionSize(2) >= LEAST and all(
            header.sectionSize(column)
            >= min(WIDEST, table.sizeHintForColumn(column), header.sectionSizeHint(column))
            for column in range(header.count())
        )

    qtbot.waitUntil(lambda: header.sectionSize(3) > 100)
    assert are_readable()
    assert header.length() >= table.viewport().width()
