from __future__ import annotations

from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Message, ServerState


def connect(program: Program, url: str) -> None:
    program.process._set(ServerState(phase="ready", url=url))


def wait_for_models(program: Program, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: program.models.models.rowCount() > 0)


def fill_disk(program: Program) -> None:
    """SQLite itself says that the disk is full."""
    connection = program.store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def make_room(program: Program) -> None:
    program.store._connection.execute("PRAGMA max_page_count = 1000000")


def shown(program: Program) -> list[tuple[str, str]]:
    """Role and content of what is on the screen."""
    return [(row.message.role, row.message.content) for row in program.chat.messages.values()]


def last(program: Program) -> Message:
    return program.chat.messages.values()[-1].message


def ask(program: Program, qtbot: QtBot, text: str) -> Message:
    """The answer, when it is over."""
    with qtbot.waitSignal(program.chat.finished, timeout=20_000):
        assert program.chat.send(text)
    return last(program)
