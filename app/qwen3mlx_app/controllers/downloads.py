"""Models to download, and the downloads that the server carries out."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Download, Notice, Offer
from ..models import ListModel
from ..services.download_api import DownloadApi
from ..services.http import EndpointError
from .hub_search import HubSearch
from .watching import Watching

translate = QCoreApplication.translate


class DownloadsController(QObject):
    """`offers` has an Offer for each model of the family; `jobs` has a Download for each job.

    `notice(Notice)` tells what failed, and what has arrived.
    """

    notice = Signal(object)

    def __init__(self, api: DownloadApi, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._api = api
        self.offers = ListModel[Offer](lambda offer: offer.name, lambda offer: offer.name, self)
        self.jobs = ListModel[Download](lambda job: job.id, lambda job: job.model, self)
        self.search = HubSearch(api, self)
        self._offers_wanted = False
        self._watching = Watching(
            lambda ended: api.watch(on_downloads=self._on_jobs, ended=ended), self
        )

    def watch(self) -> None:
        """Follow all downloads, whoever started them."""
        self._watching.start()
        if self._offers_wanted:
            self.look_for_offers()

    def look_for_offers(self) -> None:
        """Ask once what there is for this computer; if the server is off, when it is back."""
        self._offers_wanted = True
        if not self.offers.rowCount():
            self._api.offers(done=self.offers.set_values, failed=self._on_no_offers)

    @property
    def unfinished(self) -> list[Download]:
        """Those that go on, wait, were paused, or have failed."""
        return [job for job in self.jobs.values() if job.status != "completed"]

    def job_of(self, model: str) -> Download | None:
        """The latest download of a repository."""
        jobs = [job for job in self.jobs.values() if job.model.casefold() == model.casefold()]
        return jobs[-1] if jobs else None

    def start(self, model: str) -> None:
        """Download what this name means, such as `modelscope:org/repo`."""
        self._api.start(model, done=self.jobs.put, failed=self._on_failed)

    def pause(self, job_id: str) -> None:
        """Stop a download; it goes on later where it stopped."""
        self._api.pause(job_id, done=self.jobs.put, failed=self._on_failed)

    def resume(self, job_id: str) -> None:
        self._api.resume(job_id, done=self.jobs.put, failed=self._on_failed)

    def remove(self, job_id: str) -> None:
        """Forget a download, and delete what has arrived of files that are not whole."""
        self._api.remove(job_id, done=lambda job: self.jobs.remove(job.id), failed=self._on_failed)

    def server_gone(self) -> None:
        self._watching.stop()
        self.jobs.set_values([])

    def _on_jobs(self, jobs: list[Download]) -> None:
        before = {job.id: job.status for job in self.jobs.values()}
        self.jobs.set_values(jobs)
        for job in jobs:
            was_open = before.get(job.id) in ("queued", "downloading")
            if was_open and job.status == "completed":
                text = translate("downloads", "{name} is downloaded.")
                self.notice.emit(Notice(text=text.format(name=job.model.rpartition("/")[2])))
            elif was_open and job.status == "failed":
                self.notice.emit(Notice(text=job.error or "", kind="error"))

    def _on_no_offers(self, error: EndpointError) -> None:
        if error.code != "unreachable":  # the page says that the server is off
            self._on_failed(error)

    def _on_failed(self, error: EndpointError) -> None:
        self.notice.emit(error.notice)
