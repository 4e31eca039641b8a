"""The request log's filter: texts and kinds, and it is a model that views can trust."""

from __future__ import annotations

from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import LogEntry
from qwen3mlx_app.models import ListModel
from qwen3mlx_app.models.table import Column, Table
from qwen3mlx_app.views.server.requests import LogFilter


def entry(number: int, path: str, status: int | None, model: str = "demo") -> LogEntry:
    return LogEntry(
        id=number,
        time=0.0,
        method="POST",
        path=path,
        client="curl",
        address=None,
        status=status,
        ms=1.0,
        model=model,
        prompt_tokens=1,
        cached_tokens=None,
        completion_tokens=1,
    )


def test_rows_come_and_go_under_every_filter(qtbot: QtBot) -> None:
    log = ListModel[LogEntry](lambda one: one.id, lambda one: one.path)
    columns: list[Column[LogEntry]] = [Column("Path", lambda one: one.path)]
    proxy = LogFilter()
    proxy.setSourceModel(Table(log, columns))
    QAbstractItemModelTester(proxy, QAbstractItemModelTester.FailureReportingMode.Fatal, proxy)

    def seen() -> list[str]:
        return [proxy.index(row, 0).data() for row in range(proxy.rowCount())]

    log.insert_first(entry(1, "/v1/chat/completions", 200), 3)
    log.insert_first(entry(2, "/v1/models", 404), 3)
    log.insert_first(entry(3, "/api/chat", None), 3)
    assert seen() == ["/api/chat", "/v1/models", "/v1/chat/completions"]
    proxy.set_kind("bad")
    assert seen() == ["/api/chat", "/v1/models"]
    proxy.set_text("MODELS")
    assert seen() == ["/v1/models"]
    proxy.set_kind("good")
    assert seen() == []
    log.insert_first(entry(4, "/v1/models", 200, "Qwen3-8B"), 3)
    assert seen() == ["/v1/models"]
    proxy.set_text("qwen3-8")
    assert seen() == ["/v1/models"]
    proxy.set_text("")
    log.reset([entry(9, "/health", 200)])
    assert seen() == ["/health"]
