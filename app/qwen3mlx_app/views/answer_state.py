"""What a running answer waits for, or does, where its first word will be; or why none came."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from ..domain import Message, MessageRow, Progress
from .theme import GAP
from .widgets import muted

# Pixels.
BAR = 120


class AnswerState(QWidget):
    """A line of text, and a bar where progress is known."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        self._text = muted("", self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(BAR)
        self._bar.setAccessibleName(self.tr("Progress"))
        layout.addWidget(self._text)
        layout.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch()

    def show_row(self, row: MessageRow) -> None:
        if row.message.status != "streaming":
            self._text.setText(self._end(row.message))
            self._bar.hide()
            return
        progress = row.progress or Progress(phase="queued")
        self._text.setText(self._words(progress, row.message.model or ""))
        self._bar.setVisible(progress.total > 0)
        self._bar.setRange(0, max(1, progress.total))
        self._bar.setValue(progress.done)

    def _end(self, message: Message) -> str:
        if message.status == "stopped":
            return self.tr("Stopped before the answer began.")
        if message.finish_reason == "length":
            return self.tr("The length limit was reached before the answer began.")
        return self.tr("The model ended without an answer.")

    def _words(self, progress: Progress, model: str) -> str:
        if progress.phase == "server":
            return self.tr("Waiting for the server…")
        if progress.phase == "loading":
            return self.tr("Loading {model}… {percent}%").format(model=model, percent=progress.done)
        if progress.phase == "queued":
            return self.tr("Queued…")
        if progress.phase == "prefill":
            return self.tr("Reading the prompt… {done} of {total} tokens").format(
                done=f"{progress.done:,}", total=f"{progress.total:,}"
            )
        if progress.phase == "tools":
            is_asked = any(call.state == "asked" for call in progress.calls.values())
            return self.tr("Waiting for you…") if is_asked else self.tr("Using tools…")
        if progress.tokens_per_second is None:
            return self.tr("Writing…")
        return self.tr("{rate} tokens/s").format(rate=f"{progress.tokens_per_second:.1f}")
