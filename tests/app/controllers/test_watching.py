"""What the server tells is followed again after the connection was lost."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers import watching
from qwen3mlx_app.services.http import Call, EndpointError, Failed


class Line:
    """Takes the place of a connection."""

    def __init__(self) -> None:
        self.ends: list[Failed] = []
        self.num_aborted = 0

    def follow(self, ended: Failed) -> Call:
        self.ends.append(ended)
        return cast(Call, self)

    def abort(self) -> None:
        self.num_aborted += 1


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(watching, "WATCH_AGAIN", 5)
    return Line()


def test_a_lost_connection_is_made_again(line: Line, qtbot: QtBot) -> None:
    parent = QObject()
    watching.Watching(line.follow, parent).start()
    for number in (1, 2):
        line.ends[-1](EndpointError("Lost.", "interrupted"))
        qtbot.waitUntil(lambda number=number: len(line.ends) == number + 1)
    assert line.num_aborted == 0


def test_what_was_refused_or_stopped_is_not_tried_again(line: Line, qtbot: QtBot) -> None:
    parent = QObject()
    followed = watching.Watching(line.follow, parent)
    followed.start()
    line.ends[-1](EndpointError("No such path.", "not_found", 404))
    qtbot.wait(30)
    assert len(line.ends) == 1
    followed.start()
    line.ends[-1](EndpointError("Lost.", "interrupted"))
    followed.stop()
    qtbot.wait(30)
    assert len(line.ends) == 2


def test_it_follows_once_at_a_time(line: Line, qtbot: QtBot) -> None:
    parent = QObject()
    followed = watching.Watching(line.follow, parent)
    followed.start()
    followed.start()
    assert line.num_aborted == 1
    followed.stop()
    assert line.num_aborted == 2
