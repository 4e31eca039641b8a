"""The rail's button for downloads, which is there while there are any, with how far they are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..controllers.downloads import DownloadsController
from ..domain import Download
from ..services.plain import one_line
from .following import follow
from .icons import icon
from .plain import ToolButton, set_tip


class DownloadsButton(ToolButton):
    def __init__(self, downloads: DownloadsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self.setObjectName("tab")
        self.setIcon(icon("download"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        jobs = downloads.jobs
        follow(self, self._show, jobs.rowsInserted, jobs.rowsRemoved, jobs.dataChanged)
        self._show()

    def _show(self, *_: object) -> None:
        jobs = self._downloads.unfinished
        self.setVisible(bool(jobs))
        state = self._state(jobs)
        self.setText(state)
        said = self.tr("Downloads: {count}").format(count=len(jobs))
        set_tip(self, said)
        self.setAccessibleName(one_line(f"{said}, {state}"))

    def _state(self, jobs: Sequence[Download]) -> str:
        """How far those are that go on; else why none does."""
        going = [job for job in jobs if job.status in ("queued", "downloading")]
        known = [job for job in going if job.total_bytes]
        if known:
            total = sum(job.total_bytes or 0 for job in known)
            return f"{round(100 * sum(job.downloaded_bytes for job in known) / total)}%"
        if going:
            return self.tr("Waiting")
        is_paused = any(job.status == "paused" for job in jobs)
        return self.tr("Paused") if is_paused else self.tr("Failed")
