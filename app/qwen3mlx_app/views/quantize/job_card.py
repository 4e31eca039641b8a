"""The current conversion: its progress and actions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from ...controllers.quantize import QuantizeController
from ...quantization import QuantizeState
from ..beside import Beside, in_row
from ..plain import Button, NameLabel, confirm
from ..theme import GAP, GAP_L
from ..widgets import hint_label


class JobCard(QFrame):
    """Emits `opened(folder)` when the result is to be loaded."""

    opened = Signal(str)

    def __init__(self, quantize: QuantizeController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._quantize = quantize
        self._title = NameLabel("", self)
        self._title.setObjectName("section")
        self._text = hint_label("", self)
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._pause = Button("", self)
        self._pause.clicked.connect(self._toggle)
        self._cancel = Button(self.tr("Cancel"), self)
        self._cancel.clicked.connect(self._end)
        self._load = Button(self.tr("Load"), self)
        self._load.setObjectName("primary")
        self._load.clicked.connect(self._open)
        buttons = in_row([self._pause, self._cancel, self._load], self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP + 4, GAP_L, GAP + 4)
        layout.addWidget(Beside(self._title, buttons, self))
        layout.addWidget(self._bar)
        layout.addWidget(self._text)
        quantize.state_changed.connect(self.show_state)
        self.show_state(quantize.state)

    def show_state(self, state: QuantizeState) -> None:
        self.setVisible(state.phase != "idle")
        name = Path(state.job.output).name if state.job else ""
        titles = {
            "idle": "",
            "running": self.tr("Converting {name}"),
            "paused": self.tr("{name} paused"),
            "done": self.tr("{name} is ready"),
            "failed": self.tr("{name} failed"),
        }
        self._title.setText(titles[state.phase].format(name=name))
        self._bar.setVisible(state.phase in ("running", "paused"))
        self._bar.setValue(round(1000 * state.done))
        self._text.setText(self._about(state))
        self._pause.setVisible(state.phase in ("running", "paused"))
        self._pause.setText(self.tr("Pause") if state.phase == "running" else self.tr("Resume"))
        over = state.phase in ("done", "failed")
        self._cancel.setText(self.tr("Close") if over else self.tr("Cancel"))
        self._load.setVisible(state.phase == "done")

    def _about(self, state: QuantizeState) -> str:
        if state.phase == "failed":
            return state.error
        if state.phase == "paused":
            return self.tr("Progress is saved, and no memory is in use.")
        if state.phase == "done":
            return self.tr("It has been added to your models.")
        percent = f"{100 * state.done:.0f}%"
        if state.done >= 1:
            return self.tr("Verifying and measuring the quality loss…")
        if state.left_s is None:
            return percent
        minutes, seconds = divmod(round(state.left_s), 60)
        return self.tr("{percent}, about {minutes}:{seconds} remaining").format(
            percent=percent, minutes=minutes, seconds=f"{seconds:02}"
        )

    def _toggle(self) -> None:
        if self._quantize.state.phase == "running":
            self._quantize.pause()
        else:
            self._quantize.resume()

    def _end(self) -> None:
        if self._quantize.state.phase in ("done", "failed"):
            self._quantize.dismiss()
        else:
            question = self.tr("Cancel the conversion? What it has written is deleted.")
            confirm(self, question, self.tr("Cancel Conversion"), self._quantize.cancel)

    def _open(self) -> None:
        if self._quantize.state.job is not None:
            self.opened.emit(self._quantize.state.job.output)
