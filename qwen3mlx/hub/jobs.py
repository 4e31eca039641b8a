"""Background downloads while the server runs: one thread per model, with its progress."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

from ..errors import DownloadError, Qwen3MLXError
from . import Progress
from .download import download

logger = logging.getLogger(__name__)

# Finished jobs to keep; older ones are forgotten.
MAX_FINISHED = 100
# Seconds that `close` waits for a download to stop, which happens at its next chunk.
PATIENCE = 3.0


@dataclass(slots=True, eq=False)
class Job:
    """The download of `repo_id`. Times are seconds since the epoch, sizes bytes.

    `total_bytes` is None until the hub reports it. `error` says why the download failed. `begun` is
    set once the first bytes have arrived, or when there will be none. `owners` are those who asked
    for it.
    """

    repo_id: str
    owners: set[str] = field(default_factory=set)
    id: str = field(default_factory=lambda: f"job_{os.urandom(5).hex()}")
    status: Literal["downloading", "completed", "failed"] = "downloading"
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    downloaded_bytes: int = 0
    total_bytes: int | None = None
    error: Qwen3MLXError | None = None
    begun: threading.Event = field(default_factory=threading.Event)

    @property
    def bytes_per_second(self) -> float:
        """Average since the start."""
        seconds = (self.ended_at or time.time()) - self.started_at
        return self.downloaded_bytes / seconds if seconds > 0 else 0.0

    @property
    def estimated_completion(self) -> float | None:
        """None until there is enough data for an estimate."""
        speed = self.bytes_per_second
        if self.total_bytes is None or not speed:
            return None
        return time.time() + (self.total_bytes - self.downloaded_bytes) / speed


class _Closing(Exception):
    """Raised in a download's thread to end it."""


class Downloads:
    """Thread-safe; no model is downloaded twice at the same time."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._closing = False

    def start(self, repo_id: str, owner: str) -> Job:
        """Return a new job for a repository, or the job that is already downloading it."""
        with self._lock:
            for job in self._jobs.values():
                if job.repo_id.casefold() == repo_id.casefold() and job.status == "downloading":
                    job.owners.add(owner)
                    return job
            self._forget_oldest()
            job = Job(repo_id, {owner})
            self._jobs[job.id] = job
            thread = threading.Thread(
                target=self._run, args=(job,), name=f"download {repo_id}", daemon=True
            )
            self._threads[job.id] = thread
            thread.start()
            return job

    def get(self, job_id: str, owner: str) -> Job | None:
        """Return the job, or None if `owner` did not ask for it."""
        job = self._jobs.get(job_id)
        return job if job is not None and owner in job.owners else None

    def close(self) -> None:
        """Stop running jobs: incomplete files are dropped, finished files are kept."""
        self._closing = True
        end = time.monotonic() + PATIENCE
        for thread in list(self._threads.values()):
            thread.join(max(0.0, end - time.monotonic()))

    def _forget_oldest(self) -> None:
        finished = [job.id for job in self._jobs.values() if job.status != "downloading"]
        for job_id in finished[: max(0, len(finished) - MAX_FINISHED + 1)]:
            del self._jobs[job_id]

    def _run(self, job: Job) -> None:
        def report(progress: Progress) -> None:
            if self._closing:
                raise _Closing
            if progress.phase == "downloading":
                job.downloaded_bytes, job.total_bytes = progress.done, progress.total
            job.begun.set()

        try:
            download(job.repo_id, None, report)
            self._end(job, None)
        except _Closing:
            self._end(job, DownloadError("The server was shut down: download it again."))
        except Qwen3MLXError as error:
            self._end(job, error)
        except (
            Exception
        ) as error:  # nothing else reports it, and the job must not look active forever
            logger.error("The download of %s failed", job.repo_id, exc_info=error)
            reason = f"{job.repo_id} could not be downloaded ({error}): see the server's log."
            self._end(job, DownloadError(reason))

    def _end(self, job: Job, error: Qwen3MLXError | None) -> None:
        job.error = error
        job.ended_at = time.time()
        job.status = "failed" if error else "completed"
        job.begun.set()
        self._threads.pop(job.id, None)
