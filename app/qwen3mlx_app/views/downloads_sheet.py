"""All unfinished downloads over any page: how far they are, pause, continue, remove."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..controllers.downloads import DownloadsController
from ..domain import Download
from ..services.plain import one_line
from .beside import Beside, in_row
from .following import follow
from .models.offer_row import state_text
from .plain import Button, NameLabel
from .sheet import Sheet
from .theme import GAP, GAP_L, GAP_S
from .widgets import hint_label, section

# Pixels.
WIDTH, HIGHEST = 440, 420


class DownloadsSheet(Sheet):
    """Beside `anchor`.

    `models_wanted`: the Models page is to be shown.
    """

    models_wanted = Signal()

    def __init__(self, downloads: DownloadsController, anchor: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._downloads, self._anchor = downloads, anchor
        self._rows: dict[str, _JobRow] = {}
        self._content = QWidget(self._sheet)
        self._content.setObjectName("page")
        self._content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._lines = QVBoxLayout(self._content)
        self._lines.setContentsMargins(0, 0, GAP, 0)
        self._lines.setSpacing(GAP_L)
        self._lines.addStretch()
        area = QScrollArea(self._sheet)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._content)
        layout = QVBoxLayout(self._sheet)
        layout.setContentsMargins(GAP_L, GAP_L, GAP, GAP_L)
        layout.setSpacing(GAP)
        self._head = self._make_head()
        layout.addWidget(self._head)
        layout.addWidget(area, 1)
        jobs = downloads.jobs
        follow(self, self._show, jobs.rowsInserted, jobs.rowsRemoved, jobs.dataChanged)

    def open(self) -> None:
        """Open the sheet, or close it if it is open."""
        if self.isVisible():
            self.leave()
            return
        self.show()
        self._show()
        self.raise_()
        for button in self._content.findChildren(QAbstractButton):
            if button.isVisible():
                button.setFocus()
                return

    def leave(self) -> None:
        self.hide()
        if self._anchor.isVisible():
            self._anchor.setFocus()

    def _make_head(self) -> QWidget:
        head = QWidget(self._sheet)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, GAP, 0)
        more = Button(self.tr("Get More Models"), head)
        more.setObjectName("link")
        more.clicked.connect(self._go_to_models)
        row.addWidget(section(self.tr("Downloads"), head), 1)
        row.addWidget(more)
        return head

    def _go_to_models(self) -> None:
        self.hide()
        self.models_wanted.emit()

    def _show(self, *_: object) -> None:
        if not self.isVisible():
            return
        jobs = self._downloads.unfinished
        if not jobs:
            self.leave()
            return
        known = {job.id for job in jobs}
        for job_id in [mine for mine in self._rows if mine not in known]:
            self._rows[job_id].hide()
            self._rows.pop(job_id).deleteLater()
        for place, job in enumerate(jobs):
            if job.id not in self._rows:
                self._rows[job.id] = _JobRow(self._downloads, self._content)
            self._rows[job.id].show_job(job)
            if self._lines.indexOf(self._rows[job.id]) != place:
                self._lines.insertWidget(place, self._rows[job.id])
            self._rows[job.id].show()
        self._place()

    def place(self) -> QRect:
        corner = self.mapFromGlobal(self._anchor.mapToGlobal(QPoint(self._anchor.width(), 0)))
        left, bottom = corner.x() + GAP, corner.y() + self._anchor.height()
        width = min(WIDTH, self.width() - left - GAP)
        rows = self._content.sizeHint().height() + self._head.sizeHint().height() + 2 * GAP_L + GAP
        height = min(rows + GAP, HIGHEST, bottom - GAP)
        return QRect(left, bottom - height, width, height)


class _JobRow(QWidget):
    """One download."""

    def __init__(self, downloads: DownloadsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._id = ""
        self._name = NameLabel("", self)
        self._pause = Button(self.tr("Pause"), self)
        self._pause.clicked.connect(lambda: downloads.pause(self._id))
        self._resume = Button(self.tr("Continue"), self)
        self._resume.clicked.connect(lambda: downloads.resume(self._id))
        self._remove = Button(self.tr("Remove"), self)
        self._remove.clicked.connect(lambda: downloads.remove(self._id))
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._state = hint_label("", self)
        buttons = in_row([self._remove, self._resume, self._pause], self, GAP_S)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        layout.addWidget(Beside(self._name, buttons, self))
        layout.addWidget(self._progress)
        layout.addWidget(self._state)

    def show_job(self, job: Download) -> None:
        self._id = job.id
        name = job.model.rpartition("/")[2]
        self._name.setText(name)
        runs = job.status in ("queued", "downloading")
        self._pause.setVisible(runs)
        self._resume.setVisible(not runs)
        self._remove.setVisible(not runs)
        for button in (self._pause, self._resume, self._remove):
            button.setAccessibleName(one_line(f"{button.text()} {name}"))
        is_known = job.total_bytes or job.status != "downloading"
        self._progress.setMaximum(100 if is_known else 0)  # 0: it moves to and fro
        self._progress.setValue(round(100 * job.share))
        self._progress.setAccessibleName(one_line(self.tr("Download of {name}").format(name=name)))
        self._state.setText(one_line(state_text(job)))
