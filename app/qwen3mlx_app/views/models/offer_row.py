"""A model that can be downloaded, and its download."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from ...controllers.downloads import DownloadsController
from ...domain import Download, Offer, Use
from ...services.plain import one_line
from ..beside import Beside, in_row
from ..dot import Dot
from ..hubs import HUBS
from ..plain import Button, NameLabel
from ..sizes import count_text, duration_text, size_text
from ..theme import GAP, GAP_S, Theme
from ..widgets import hint_label, muted

translate = QCoreApplication.translate


class OfferRow(QWidget):
    """What it is for, its size, whether it fits, and how fast it will be."""

    def __init__(self, downloads: DownloadsController, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._offer: Offer | None = None
        self._job: Download | None = None
        self._name = NameLabel("", self)
        self._here = muted(self.tr("On this computer"), self)
        self._get = Button("", self)
        self._get.clicked.connect(self._go_on)
        self._pause = Button(self.tr("Pause"), self)
        self._pause.clicked.connect(self._stop)
        self._remove = Button(self.tr("Remove"), self)
        self._remove.clicked.connect(self._forget)
        head = self._head()  # a screen reader reads it first
        self._about = hint_label("", self)
        self._dot = Dot(theme, self)
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._state = hint_label("", self)
        layout = self.lines = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        layout.addWidget(head)
        line = QHBoxLayout()
        line.setSpacing(GAP - 2)
        line.addWidget(self._dot)
        line.addWidget(self._about, 1)
        layout.addLayout(line)
        layout.addWidget(self._progress)
        layout.addWidget(self._state)

    def show_offer(
        self, offer: Offer, use: Use | None, job: Download | None, *, is_here: bool
    ) -> None:
        """`is_here`: it is one of the models on this computer."""
        self._offer, self._job = offer, job if job and job.status != "completed" else None
        self._name.setText(offer.name)
        colours = {"comfortable": "good", "tight": "warning", "too-large": "error"}
        self._dot.set_colour(colours[offer.verdict] if offer.verdict else "faint")
        used = [use_text(use)] if use else []
        self._about.setText(one_line(" · ".join([*used, *_facts(offer)])))
        self._here.setVisible(is_here and self._job is None)
        self._show_job(is_here)
        for button in (self._get, self._pause, self._remove):
            button.setAccessibleName(one_line(f"{button.text()} {offer.name}"))
        self._progress.setAccessibleName(
            one_line(self.tr("Download of {name}").format(name=offer.name))
        )

    def _head(self) -> Beside:
        widgets = [self._here, *self.more(), self._remove, self._pause, self._get]
        return Beside(self._name, in_row(widgets, self), self)

    def more(self) -> list[QWidget]:
        """Further buttons."""
        return []

    def _show_job(self, is_here: bool) -> None:
        job = self._job
        runs = job is not None and job.status in ("queued", "downloading")
        self._get.setVisible(not runs and not (is_here and job is None))
        self._get.setText(self.tr("Download") if job is None else self.tr("Continue"))
        self._pause.setVisible(runs)
        self._remove.setVisible(job is not None and not runs)
        self._progress.setVisible(job is not None)
        self._state.setVisible(job is not None)
        if job is not None:
            self._progress.setMaximum(100 if job.total_bytes else 0)  # 0: it is not known
            self._progress.setValue(round(100 * job.share))
            self._state.setText(one_line(state_text(job)))

    def _go_on(self) -> None:
        if self._job is not None:
            self._downloads.resume(self._job.id)
        elif self._offer is not None:
            self._downloads.start(self._offer.download)

    def _stop(self) -> None:
        if self._job is not None:
            self._downloads.pause(self._job.id)

    def _forget(self) -> None:
        if self._job is not None:
            self._downloads.remove(self._job.id)


def use_text(use: Use) -> str:
    return {
        "best": translate("offers", "Best for this computer"),
        "fast": translate("offers", "Fast"),
        "code": translate("offers", "For code"),
        "search": translate("offers", "For search in texts"),
    }[use]


def _facts(offer: Offer) -> list[str]:
    publisher = offer.repo_id.partition("/")[0]
    hub = [] if offer.hub == "hf" else [HUBS[offer.hub]]
    facts = [*([] if offer.name == offer.repo_id else [publisher]), *hub]
    if not offer.size_bytes:
        facts.append(translate("offers", "size not known"))
    else:
        facts += [size_text(offer.size_bytes), *_fit_facts(offer)]
    if offer.num_downloads is not None:
        text = translate("offers", "{count} downloads")
        facts.append(text.format(count=count_text(offer.num_downloads)))
    return facts


def _fit_facts(offer: Offer) -> list[str]:
    if offer.verdict == "too-large":
        text = translate("offers", "Too large: needs {needed} of {limit}")
        needed, limit = size_text(offer.needed_bytes), size_text(offer.limit_bytes)
        return [text.format(needed=needed, limit=limit)]
    text = translate("offers", "context of up to {count} tokens")
    facts = [text.format(count=count_text(offer.largest_context))]
    if offer.decode_tps is not None:
        text = translate("offers", "about {count} tokens/s")
        facts.append(text.format(count=count_text(round(offer.decode_tps))))
    return facts


def state_text(job: Download) -> str:
    """How far a download is, how fast it goes, and what is in its way."""
    if job.error:
        return job.error
    if job.status == "queued" and not job.downloaded_bytes:
        return translate("offers", "waiting for its turn")
    total = size_text(job.total_bytes) if job.total_bytes else "…"
    parts = [
        translate("offers", "{done} of {total}").format(
            done=size_text(job.downloaded_bytes), total=total
        )
    ]
    if job.status == "queued":
        parts.append(translate("offers", "waiting for its turn"))
    elif job.status == "paused":
        parts.append(translate("offers", "paused"))
    elif job.bytes_per_second:
        parts.append(
            translate("offers", "{size}/s").format(size=size_text(round(job.bytes_per_second)))
        )
        if job.seconds_left is not None:
            text = translate("offers", "{time} left")
            parts.append(text.format(time=duration_text(job.seconds_left)))
    return " · ".join(parts)
