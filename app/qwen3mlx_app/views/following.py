"""Connections that end with the widget they are for, where the sender lives longer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, SignalInstance


class _Follower(QObject):
    """Qt drops the connections to a method of an object that is deleted, not those to a lambda."""

    def __init__(self, show: Callable[..., object], owner: QObject) -> None:
        super().__init__(owner)
        self._show = show

    def show(self, *values: object) -> None:
        self._show(*values)


def follow(owner: QObject, show: Callable[..., object], *signals: SignalInstance) -> None:
    """Call `show` at each signal, as long as `owner` lives."""
    follower = _Follower(show, owner)
    for signal in signals:
        signal.connect(follower.show)
