"""Colours that come when nobody is there any more."""

from __future__ import annotations

import threading

import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.highlighter import Highlighter
from qwen3mlx_app.views.markdown import Block

from tests.support.places import PROGRAM


class Reader(QObject):
    def take(self, block: Block) -> None:
        raise AssertionError("nobody was to be told")


def test_the_window_may_be_closed_while_a_block_is_coloured(qtbot: QtBot) -> None:
    """An exception of the thread would fail this test."""
    highlighter, reader = Highlighter(PROGRAM), Reader()
    block = Block("print(1)", language="python")
    highlighter.want(block, reader.take)
    [thread] = [one for one in threading.enumerate() if one.name == "colours"]
    shiboken6.delete(highlighter)
    thread.join(60)
    assert not thread.is_alive()
