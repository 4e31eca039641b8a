"""The cards of servers, and the rows of their tools."""

from __future__ import annotations

from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.tools import ToolsPage
from qwen3mlx_app.views.tools.server_card import ServerCard
from qwen3mlx_app.views.tools.tool_row import ToolRow

WAIT = 60_000


def card(page: ToolsPage, name: str) -> ServerCard:
    return page._cards.by_key[name]


def unfold(page: ToolsPage, name: str, qtbot: QtBot) -> dict[str, ToolRow]:
    made = card(page, name)
    made._fold.click()
    # A layout shows what is added to it when events are next handled.
    rows = made._rows
    qtbot.waitUntil(
        lambda: bool(rows) and all(row.isVisible() for row in rows.values()), timeout=WAIT
    )
    return rows
