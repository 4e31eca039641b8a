"""Background downloads while the server runs: a queue of jobs, a few at a time.

Jobs can be paused, continued, cancelled and moved; a failure that may pass is tried again. They are
kept in a state file, so a server that starts again goes on with those that it had.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..errors import DownloadError, NotSavedError, Qwen3MLXError, UnreachableError
from ..settings.state import StateFile
from ..settings.table import HUBS
from .progress import Progress
from .sources import HUGGING_FACE, fetch_from

logger = logging.getLogger(__name__)

# Jobs that download at the same time; the others wait in their order.
AT_ONCE = 2
# Finished jobs to keep; older ones are forgotten.
MAX_FINISHED = 100
# Seconds that `close` waits for a download to stop, which happens at its next chunk.
PATIENCE = 3.0
# Seconds before each new attempt after a failure that may pass; new bytes start them anew.
WAITS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
# Seconds over which the speed is averaged.
WINDOW = 10.0
STATE = "downloads.json"

Status = Literal["queued", "downloading", "paused", "completed", "failed"]
OPEN: tuple[Status, ...] = ("queued", "downloading", "paused")


@dataclass(slots=True, eq=False)
class Job:
    """The download of `repo_id`. Times are seconds since the epoch, sizes bytes.

    `total_bytes` is None until the hub reports it. `error` says why the download failed, or, while
    it goes on, why it is tried again. `begun` is set once the first bytes have arrived, or when
    there will be none. `owners` are those who asked for it.
    """

    repo_id: str
    owners: set[str] = field(default_factory=set)
    revision: str | None = None
    source: str = HUGGING_FACE
    id: str = field(default_factory=lambda: f"job_{os.urandom(5).hex()}")
    status: Status = "queued"
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    downloaded_bytes: int = 0
    total_bytes: int | None = None
    error: Qwen3MLXError | None = None
    begun: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)
    _arrived: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def place(self) -> tuple[str, str]:
        """Where its parts are; two jobs for revisions of one repository have the same place."""
        return self.source, self.repo_id.casefold()

    @property
    def bytes_per_second(self) -> float:
        """Of the last seconds; of a finished job, or one that has just begun, of its whole time."""
        if self.ended_at is None and self.status != "downloading":
            return 0.0
        start, before = self.started_at, 0
        if self.ended_at is None and len(self._arrived) > 1:
            start, before = self._arrived[0]
        seconds = (self.ended_at or time.time()) - start
        return (self.downloaded_bytes - before) / seconds if seconds > 0 else 0.0

    @property
    def estimated_completion(self) -> float | None:
        """None until there is enough data for an estimate."""
        speed = self.bytes_per_second
        if self.total_bytes is None or speed <= 0:
            return None
        return time.time() + (self.total_bytes - self.downloaded_bytes) / speed

    def count(self, done: int, total: int) -> None:
        now = time.time()
        self.downloaded_bytes, self.total_bytes = done, total
        self._arrived.append((now, done))
        while len(self._arrived) > 2 and self._arrived[0][0] < now - WINDOW:
            self._arrived.popleft()

    def as_state(self) -> dict[str, Any]:
        """What a later start needs to go on."""
        return {
            "id": self.id,
            "repo_id": self.repo_id,
            "revision": self.revision,
            "source": self.source,
            "owners": sorted(self.owners),
            "status": "paused" if self.status == "paused" else "queued",
            "started_at": self.started_at,
        }

    @classmethod
    def from_state(cls, saved: Any) -> Job | None:
        """None for a row that is not one of ours."""
        try:
            job = cls(
                str(saved["repo_id"]),
                {str(owner) for owner in saved["owners"]},
                None if saved["revision"] is None else str(saved["revision"]),
                str(saved["source"]),
                str(saved["id"]),
                saved["status"],
                float(saved["started_at"]),
            )
        except (KeyError, TypeError, ValueError):
            return None
        is_known = job.status in get_args(Status) and job.source in HUBS
        return job if is_known else None


class _Stopped(Exception):
    """Raised in a download's thread to end it."""


class Downloads:
    """Thread-safe; no model is downloaded twice at the same time.

    Open jobs are kept in `state`, if it is given; `restore` goes on with them.
    """

    def __init__(self, state: StateFile | None = None) -> None:
        self._jobs: dict[str, Job] = {}  # in the order of the queue
        self._threads: dict[tuple[str, str], threading.Thread] = {}  # by the place of the job
        self._lock = threading.RLock()
        self._closing = False
        self._state = state

    def restore(self) -> None:
        """Go on with the jobs of an earlier server; those that were paused stay so."""
        if self._state is None:
            return
        saved = self._state.read().get("jobs", [])
        with self._lock:
            for job in filter(None, map(Job.from_state, saved if isinstance(saved, list) else [])):
                self._jobs.setdefault(job.id, job)
            self._start_next()

    def start(
        self,
        repo_id: str,
        owner: str,
        revision: str | None = None,
        source: str = HUGGING_FACE,
    ) -> Job:
        """Return a new job for a repository, or the one that is open; a paused one goes on."""
        with self._lock:
            for job in self._jobs.values():
                same = (*job.place, job.revision)
                if job.is_open and same == (source, repo_id.casefold(), revision):
                    job.owners.add(owner)
                    self.resume(job)
                    return job
            self._forget_oldest()
            job = Job(repo_id, {owner}, revision, source)
            self._jobs[job.id] = job
            self._changed()
            return job

    def get(self, job_id: str, owner: str | None) -> Job | None:
        """Return the job, or None if `owner` did not ask for it; None as owner may see all."""
        job = self._jobs.get(job_id)
        return job if job is not None and (owner is None or owner in job.owners) else None

    def listed(self, owner: str | None) -> list[Job]:
        """Return the jobs of `owner`, or all, in their order."""
        with self._lock:
            return [job for job in self._jobs.values() if owner is None or owner in job.owners]

    def pause(self, job: Job) -> None:
        """Stop it at its next chunk; what has arrived is kept."""
        with self._lock:
            if job.status in ("queued", "downloading"):
                job.status = "paused"
                job.begun.set()
                self._changed()

    def resume(self, job: Job) -> None:
        """Let a paused or failed job go on."""
        with self._lock:
            if job.status in ("paused", "failed"):
                job.status, job.error, job.ended_at = "queued", None, None
                job.begun.clear()
                self._changed()

    def cancel(self, job: Job) -> None:
        """Stop and forget it; a part of a file that has arrived is deleted."""
        with self._lock:
            self._jobs.pop(job.id, None)
            if job.is_open:
                self._set_ended(job, DownloadError(f"The download of {job.repo_id} was cancelled."))
            if job.place not in self._threads:  # or its thread does so at its end
                _discard(job)
            self._changed()

    def move(self, job: Job, position: int) -> None:
        """Put it at this place of the queue, from 0."""
        with self._lock:
            others = [each for each in self._jobs.values() if each is not job]
            others.insert(position, job)
            self._jobs = {each.id: each for each in others}
            self._changed()

    def close(self) -> None:
        """Stop running jobs; what has arrived is kept, and a later server goes on with them."""
        self._closing = True
        end = time.monotonic() + PATIENCE
        for job in self.listed(None):
            job.wake.set()
        for thread in list(self._threads.values()):
            thread.join(max(0.0, end - time.monotonic()))

    def _changed(self) -> None:
        """Start what may run now, and keep the open jobs for a later server."""
        self._start_next()
        if self._state is None or self._closing:
            return
        try:
            with self._state.edit() as values:
                values["jobs"] = [job.as_state() for job in self._jobs.values() if job.is_open]
        except NotSavedError as error:
            logger.warning("Downloads cannot be kept for the next start: %s", error)

    def _start_next(self) -> None:
        for job in self._jobs.values():
            if len(self._threads) >= AT_ONCE or self._closing:
                return
            # One that was paused or cancelled may still be about to stop.
            if job.status == "queued" and job.place not in self._threads:
                job.status = "downloading"
                job.wake.clear()
                job._arrived.clear()
                thread = threading.Thread(
                    target=self._run, args=(job,), name=f"download {job.repo_id}", daemon=True
                )
                self._threads[job.place] = thread
                thread.start()

    def _forget_oldest(self) -> None:
        finished = [job.id for job in self._jobs.values() if not job.is_open]
        for job_id in finished[: max(0, len(finished) - MAX_FINISHED + 1)]:
            del self._jobs[job_id]

    def _run(self, job: Job) -> None:
        error: Qwen3MLXError | None = None
        try:
            self._attempts(job)
        except _Stopped:
            error = DownloadError("The server was shut down: it goes on when it is back.")
        except Qwen3MLXError as failure:
            error = failure
        except Exception as fault:  # nothing else reports it, and no job may look active forever
            logger.error("The download of %s failed", job.repo_id, exc_info=fault)
            reason = f"{job.repo_id} could not be downloaded ({fault}): see the server's log."
            error = DownloadError(reason)
        with self._lock:
            if job.id not in self._jobs:
                _discard(job)  # before the next download of the repository has parts of its own
            del self._threads[job.place]
            if job.status == "downloading":
                self._set_ended(job, error)
            self._changed()

    def _attempts(self, job: Job) -> None:
        """Download, and try again after a failure that may pass. Raises _Stopped."""

        def report(progress: Progress) -> None:
            if self._closing or job.status != "downloading":
                raise _Stopped
            if progress.phase == "downloading":
                job.count(progress.done, progress.total)
            job.begun.set()

        waits = iter(WAITS)
        while True:
            before = job.downloaded_bytes
            try:
                fetch_from(job.source, job.repo_id, job.revision, report)
            except UnreachableError as error:
                if job.downloaded_bytes > before:
                    waits = iter(WAITS)
                if (wait := next(waits, None)) is None:
                    raise
                job.error = error
                job.wake.wait(wait)
                if self._closing or job.status != "downloading":
                    raise _Stopped from None
            else:
                job.error = None
                return

    def _set_ended(self, job: Job, error: Qwen3MLXError | None) -> None:
        job.error = error
        job.ended_at = time.time()
        job.status = "failed" if error else "completed"
        job.begun.set()
        job.wake.set()


def _discard(job: Job) -> None:
    """Delete parts of files; those of other hubs stay where their clients look for them."""
    if job.source == HUGGING_FACE:
        from .download import discard_partial

        try:
            discard_partial(job.repo_id)
        except OSError as error:  # the job is over all the same
            logger.warning("Parts of %s stay in the cache: %s", job.repo_id, error)
