"""What a thread found out, for an object of the window that may be deleted by then."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal


class Delivery(QObject):
    """`arrived` may be emitted at any time by the thread that holds this, as nothing deletes it.

    A signal of the receiver itself may be met in mid-deletion, which can end the process.
    """

    arrived = Signal(object)

    def __init__(self, receive: Callable[..., None]) -> None:
        """`receive` is a method of a QObject, called on that one's thread while it exists."""
        super().__init__()
        self.arrived.connect(receive)
