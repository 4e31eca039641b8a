"""Fetch a repository into the Hugging Face cache, using `huggingface_hub`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DownloadError
from ..library.cache import (
    blobs_folder,
    cached_snapshot,
    check_place,
    drop_damaged_ref,
    hub_cache,
    missing_files,
)
from ..settings.state import NO_HOME
from .environment import check_hub, check_token
from .errors import explain, offline
from .hashes import blobs, check_hashes, mark_unverified
from .offline import is_offline
from .preflight import check_config, check_files, check_size, hugging_face_config
from .progress import Progress, ProgressCallback
from .resume import SUFFIX, LargeFile, fetch_large, is_ours
from .selection import ALLOW_PATTERNS, IGNORE_PATTERNS, check_disk, is_needed

CHUNK_BYTES = 1 << 18
PATIENCE_SECONDS = 3.0
# Xet transfers slightly more bytes than the file has.
SLACK_BYTES = 64 << 20

# The original that each running download found; the last one to end restores the first, which is
# the library's own.
_settings_before: list[tuple[int, int, Callable[[], None]]] = []
_tuning = threading.Lock()


def download(repo_id: str, revision: str | None, progress: ProgressCallback) -> Path:
    """Download or complete `repo_id`, and return its snapshot folder.

    An exception raised by `progress`, or Ctrl-C, ends the download; finished files are kept.
    """
    from huggingface_hub import constants

    if is_offline():
        if (snapshot := cached_snapshot(repo_id, revision)) is not None:
            return snapshot
        raise DownloadError(offline(repo_id))
    if hub_cache().is_relative_to(NO_HOME):
        raise DownloadError(
            f"{repo_id} cannot be stored: this user has no home folder; set HF_HOME to a folder."
        )
    check_place(repo_id)
    drop_damaged_ref(repo_id, revision or "main")
    with _tuned_library():
        commit, files = _list_files(repo_id, revision)
        num_bytes = sum(file.num_bytes for file in files)
        check_disk(Path(constants.HF_HUB_CACHE), repo_id, num_bytes, "HF_HOME")
        config = next(file for file in files if file.name == "config.json")
        check_size(repo_id, config.num_bytes)
        check_config(repo_id, hugging_face_config(repo_id, commit))
        _mark_unverified(repo_id, files)
        meter = _Meter(num_bytes, progress)
        large = [
            LargeFile(file.name, file.sha256, file.num_bytes)
            for file in files
            if file.sha256 and 0 < file.num_bytes <= constants.MAX_HTTP_DOWNLOAD_SIZE
        ]
        return _Worker(repo_id, revision, meter, commit, large).run()


def latest_commit(repo_id: str) -> str:
    """Ask the hub for the commit of the main revision. Raises DownloadError, ModelNotFoundError."""
    if is_offline():
        raise DownloadError("HF_HUB_OFFLINE forbids to ask the hub: unset it.")
    with _tuned_library():
        return _list_files(repo_id, None)[0]


class _RemoteFile(NamedTuple):
    """A file to fetch, and how many bytes are not in the cache yet; `sha256` of a large one."""

    name: str
    num_bytes: int
    sha256: str | None


def _list_files(repo_id: str, revision: str | None) -> tuple[str, list[_RemoteFile]]:
    """Return the commit that `revision` is, and its files that a checkpoint needs.

    Raises CheckpointError if it has no model that can be read.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.hf_api import RepoSibling

    from .listing import SILENCE_SECONDS

    try:
        info = HfApi().model_info(
            repo_id, revision=revision, files_metadata=True, timeout=SILENCE_SECONDS
        )
    except Exception as error:
        raise explain(error, repo_id) from error

    names = [file.rfilename for file in info.siblings or ()]
    check_files(repo_id, [name for name in names if "/" not in name])

    def described(file: RepoSibling) -> _RemoteFile:
        name = file.rfilename
        is_cached = isinstance(try_to_load_from_cache(repo_id, name, revision=info.sha), str)
        sha256 = file.lfs.sha256 if file.lfs else None
        return _RemoteFile(name, 0 if is_cached else file.size or 0, sha256)

    wanted = [described(file) for file in info.siblings or () if is_needed(file.rfilename)]
    return info.sha or revision or "main", wanted


def _mark_unverified(repo_id: str, files: Iterable[_RemoteFile]) -> None:
    try:
        mark_unverified(repo_id, (file.sha256 for file in files if file.sha256))
    except OSError as error:
        raise explain(error, repo_id) from error


@contextmanager
def _tuned_library() -> Iterator[None]:
    """Use small chunks, check responses, and silence the library's log.

    `huggingface_hub` (2.4) reports progress, resumes and stops only between chunks, and its 10 MB
    chunks take ten seconds on a slow connection. It logs each retry as a warning, but users see the
    progress bar or the error instead.
    """
    from huggingface_hub import constants

    check_hub(constants.ENDPOINT)
    from huggingface_hub import get_token

    from .answers import check_from_now_on

    check_token(get_token(), constants.ENDPOINT)

    logger = logging.getLogger("huggingface_hub")
    with _tuning:
        unchecked = check_from_now_on(constants.ENDPOINT)
        _settings_before.append((logger.level, constants.DOWNLOAD_CHUNK_SIZE, unchecked))
        logger.setLevel(logging.ERROR)
        constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    try:
        yield
    finally:
        with _tuning:
            level, constants.DOWNLOAD_CHUNK_SIZE, unchecked = _settings_before.pop()
            logger.setLevel(level)
            unchecked()


class _Cancelled(Exception):
    """Raised in the library's threads at their next chunk."""


class _Meter:
    """Counts bytes on disk over all the library's threads, and can stop them."""

    def __init__(self, total: int, report: ProgressCallback) -> None:
        self._total = total
        self._report = report
        self._done = 0
        self._large = 0  # bytes of the large files, which are fetched before the others
        self._lock = threading.Lock()
        self.stopped_by: BaseException | None = None

    def report_verifying(self, done: int, total: int) -> None:
        self._report(Progress(done, total, "verifying"))

    def count(self, size: int) -> None:
        """Count bytes of a large file; less than 0 if it starts over."""
        with self._lock:
            self._check_stopped()
            self._large += size
            self._reach(self._large)

    def advance(self, bar: _Bar, size: int) -> None:
        with self._lock:
            self._check_stopped()
            bar.n += size
            self._reach(self._large + bar.n)

    def _check_stopped(self) -> None:
        if self.stopped_by is not None:
            raise _Cancelled

    def _reach(self, done: int) -> None:
        if done > self._total + SLACK_BYTES:
            self.stopped_by = DownloadError(
                "The download was stopped because the hub sent more data than it announced: "
                "use another hub."
            )
            raise _Cancelled
        if done <= self._done:
            return
        self._done = done
        try:
            self._report(Progress(min(self._done, self._total), self._total))
        except BaseException as error:
            self.stopped_by = error
            raise _Cancelled from error


class _Bar:
    """The parts of `tqdm` that `snapshot_download` uses.

    It makes three bars: bytes from the network, bytes on disk, and files. The first two have the
    unit "B" and agree except under Xet, which reuses chunks; the meter follows the one ahead.
    """

    meter: _Meter  # set in a subclass for each download

    def __init__(self, total: int | None = None, initial: int = 0, **look: Any) -> None:
        self._counts_bytes = look.get("unit") == "B"
        self.total = total
        self.n = initial
        self.format_dict: dict[str, Any] = {}

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def update(self, n: float | None = 1) -> None:
        if self._counts_bytes:
            self.meter.advance(self, int(n or 0))

    def _ignore(self, *args: object, **kwargs: object) -> None:
        return None

    refresh = close = set_description = set_description_str = set_postfix_str = _ignore


class _Worker:
    """Runs `snapshot_download` in its own thread: its pool would hold back Ctrl-C to the end."""

    def __init__(
        self,
        repo_id: str,
        revision: str | None,
        meter: _Meter,
        commit: str,
        large: Sequence[LargeFile],
    ) -> None:
        self._repo_id = repo_id
        self._commit, self._large = commit, large
        self._revision = revision
        self._meter = meter
        self._path: str | None = None
        self._error: Exception | None = None
        self._blobs_before: set[str] = set()
        self._finished = threading.Event()

    def run(self) -> Path:
        before = _partial_files(self._repo_id)
        self._blobs_before = blobs(self._repo_id)
        thread = threading.Thread(target=self._fetch, name=f"fetch {self._repo_id}", daemon=True)
        thread.start()
        try:
            self._finished.wait()
        except BaseException as interruption:
            self._meter.stopped_by = interruption
            self._finished.wait(
                PATIENCE_SECONDS
            )  # time for one chunk; a dead connection would take a minute
            for partial in _partial_files(self._repo_id) - before:
                partial.unlink(missing_ok=True)
            raise
        thread.join()
        return self._outcome()

    def _fetch(self) -> None:
        from huggingface_hub import snapshot_download

        try:
            fetch_large(self._repo_id, self._commit, self._large, self._meter.count)
            self._path = snapshot_download(
                self._repo_id,
                revision=self._revision,
                allow_patterns=list(ALLOW_PATTERNS),
                ignore_patterns=list(IGNORE_PATTERNS),
                tqdm_class=type("_BarOfThisDownload", (_Bar,), {"meter": self._meter}),
            )
        except Exception as error:
            self._error = error
        finally:
            self._finished.set()

    def _outcome(self) -> Path:
        if self._meter.stopped_by is not None:
            raise self._meter.stopped_by
        if self._error is not None:
            raise explain(self._error, self._repo_id) from self._error
        assert self._path is not None
        check_hashes(
            self._repo_id,
            Path(self._path),
            known=self._blobs_before,
            on_progress=self._meter.report_verifying,
        )
        if missing := missing_files(Path(self._path)):
            raise DownloadError(f"{self._repo_id} arrived without {missing[0]}: run it again.")
        return Path(self._path)


def discard_partial(repo_id: str) -> None:
    """Delete the parts of files that have arrived, and keep the whole ones."""
    for partial in blobs_folder(repo_id).glob(f"*{SUFFIX}"):
        partial.unlink(missing_ok=True)


def _partial_files(repo_id: str) -> set[Path]:
    """Return the temporary files of `huggingface_hub`, which it never resumes."""
    found = blobs_folder(repo_id).glob(f"*{SUFFIX}")
    return {partial for partial in found if not is_ours(partial)}
