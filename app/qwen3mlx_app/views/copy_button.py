"""A button that copies, and shows a tick when it has."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from ..services.timers import single_shot
from .icons import icon
from .plain import ToolButton, set_tip

# Milliseconds for which the tick is shown.
TICK = 1500


class CopyButton(ToolButton):
    """`copy` puts something on the clipboard."""

    def __init__(self, text: str, copy: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("action")
        self._name = text
        self._copy = copy
        self._timer = single_shot(self, TICK, self._rest)
        self.clicked.connect(lambda *_: self._on_clicked())
        self._rest()

    def _on_clicked(self) -> None:
        self._copy()
        self._show("check", self.tr("Copied"))
        self._timer.start()

    def _rest(self) -> None:
        self._show("copy", self._name)

    def _show(self, sign: str, text: str) -> None:
        self.setIcon(icon(sign))
        set_tip(self, text)
        self.setAccessibleName(text)
