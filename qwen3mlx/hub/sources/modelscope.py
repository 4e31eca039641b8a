"""ModelScope, by its HTTP interface: a listing of files, and each file, which supports ranges.

Its SDK documents both: https://github.com/modelscope/modelscope/blob/master/modelscope/hub/api.py.
Files go where the SDK keeps them, so that it does not fetch them again, nor do we.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from ...config import read_json
from ...errors import DownloadError, ModelNotFoundError, UnreachableError
from ...library.cache import missing_files
from ...library.folders import modelscope_folder
from ...quoting import quoted
from ..environment import check_hub, check_token
from ..listing import LARGEST_LISTING, MOST_FILES, SILENCE_SECONDS, is_inside
from ..preflight import check_config, check_files, check_size
from ..progress import Progress, ProgressCallback
from ..selection import check_disk, is_needed

if TYPE_CHECKING:
    import httpx2

REVISION = "master"
CHUNK_BYTES = 1 << 18
# Attempts for one file in which nothing arrives.
ATTEMPTS = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[\w.-]{1,100}", re.ASCII)


class _File(NamedTuple):
    name: str
    size: int
    sha256: str | None


def fetch(repo_id: str, revision: str | None, progress: ProgressCallback) -> Path:
    """Download or complete `repo_id`, and return its folder.

    An exception raised by `progress` ends the download; what has arrived is kept. Raises
    DownloadError, ModelNotFoundError, CheckpointError.
    """
    import httpx2

    folder = _folder(repo_id)
    token = os.environ.get("MODELSCOPE_API_TOKEN")
    check_hub(endpoint())
    check_token(token, endpoint())
    headers = {"Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with httpx2.Client(headers=headers, timeout=SILENCE_SECONDS, follow_redirects=True) as client:
        listed = list(_listed(client, repo_id, revision))
        check_files(repo_id, [file.name for file in listed if "/" not in file.name])
        files = [file for file in listed if is_needed(file.name)]
        check_config(repo_id, _config(client, repo_id, revision, folder, files))
        absent = [file for file in files if not _is_there(folder / file.name, file)]
        check_disk(folder, repo_id, sum(file.size for file in absent), "MODELSCOPE_CACHE")
        _fetch_all(client, repo_id, revision, folder, absent, progress)
    if missing := missing_files(folder):
        raise DownloadError(f"{repo_id} arrived without {missing[0]}: run it again.")
    return folder


def endpoint() -> str:
    """Return the address of ModelScope: MODELSCOPE_DOMAIN is a host name, or a whole address."""
    domain = os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    return domain.rstrip("/") if "://" in domain else f"https://{domain}"


def _folder(repo_id: str) -> Path:
    """Return the folder as the SDK names it. Raises DownloadError if a link leads elsewhere."""
    root = modelscope_folder()
    folder = root / repo_id.replace(".", "___")
    if not Path(os.path.realpath(folder)).is_relative_to(root.resolve()):
        raise DownloadError(f"{folder} leads out of {root}: delete that link and download again.")
    return folder


def _listed(client: httpx2.Client, repo_id: str, revision: str | None) -> Iterator[_File]:
    """Yield the files of the repository, each of which has been checked."""
    if not _REVISION.fullmatch(revision or REVISION):
        raise ModelNotFoundError(f"{repo_id} has no revision {quoted(revision)}.")
    url = f"{endpoint()}/api/v1/models/{repo_id}/repo/files"
    options = {"Revision": revision or REVISION, "Recursive": "true"}
    with _explained(repo_id), client.stream("GET", url, params=options) as reply:
        _check_status(reply, repo_id)
        body = b""
        for chunk in reply.iter_bytes():
            body += chunk
            if len(body) > LARGEST_LISTING:
                raise _unfit("a listing without end")
    try:
        data = json.loads(body)
        files = data["Data"]["Files"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise _unfit("a listing that is not one (a page to log in?)") from None
    if not isinstance(files, list) or len(files) > MOST_FILES:
        raise _unfit("a listing that is not a list of files")
    for row in files:
        if not (isinstance(row, dict) and row.get("Type") == "tree"):
            yield _checked(row)


def _checked(row: Any) -> _File:
    path, size, sha256 = (
        (row.get(key) for key in ("Path", "Size", "Sha256"))
        if isinstance(row, dict)
        else (None, None, None)
    )
    if not isinstance(path, str) or not is_inside(path):
        raise _unfit(f"a file name that is not valid ({quoted(str(path))})")
    if type(size) is not int or size < 0:
        raise _unfit(f"a size that is not valid ({quoted(str(size))})")
    known = isinstance(sha256, str) and _SHA256.fullmatch(sha256)
    return _File(path, size, sha256 if known else None)


def _is_there(path: Path, file: _File) -> bool:
    """Return whether it has arrived: it gets its name once its hash is right."""
    return path.is_file() and path.stat().st_size == file.size


def _config(
    client: httpx2.Client, repo_id: str, revision: str | None, folder: Path, files: list[_File]
) -> dict[str, Any]:
    """Read config.json from the folder, or else from the hub, without leaving it in the folder."""
    (file,) = (file for file in files if file.name == "config.json")
    check_size(repo_id, file.size)
    if _is_there(folder / file.name, file):
        return read_json(folder / file.name)
    with tempfile.TemporaryDirectory(prefix="qwen3mlx-config-") as kept:
        path = Path(kept) / file.name
        for _ in _Part(path, file, repo_id).fetched(client, _url(repo_id, revision, file)):
            pass
        return read_json(path)


def _url(repo_id: str, revision: str | None, file: _File) -> str:
    query = f"Revision={quote(revision or REVISION)}&FilePath={quote(file.name)}"
    return f"{endpoint()}/api/v1/models/{repo_id}/repo?{query}"


def _fetch_all(
    client: httpx2.Client,
    repo_id: str,
    revision: str | None,
    folder: Path,
    files: list[_File],
    progress: ProgressCallback,
) -> None:
    total, before = sum(file.size for file in files), 0
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        part = _Part(folder / file.name, file, repo_id)
        for done in part.fetched(client, _url(repo_id, revision, file)):
            progress(Progress(before + done, total))
        before += file.size


class _Part:
    """A file on its way; the next download goes on where it stopped."""

    def __init__(self, path: Path, file: _File, repo_id: str) -> None:
        self._path, self._file, self._repo_id = path, file, repo_id
        self._partial = path.with_name(f"{path.name}.incomplete")
        self._hash = hashlib.sha256()

    def fetched(self, client: httpx2.Client, url: str) -> Iterator[int]:
        """Fetch the rest, and yield how much is there after each chunk."""
        with self._partial.open("a+b", buffering=0) as out:
            self._lock(out.fileno())
            if out.tell() > self._file.size:
                out.truncate(0)
            out.seek(0)
            while piece := out.read(CHUNK_BYTES):
                self._hash.update(piece)
            failures = 0
            while out.tell() < self._file.size:
                before = out.tell()
                try:
                    yield from self._attempt(client, url, out)
                except UnreachableError:
                    failures = failures + 1 if out.tell() == before else 0
                    if failures == ATTEMPTS:
                        raise
                else:
                    if out.tell() < self._file.size:  # all of the answer came
                        raise _unfit("less data than it announced")
        self._finish()

    def _attempt(self, client: httpx2.Client, url: str, out: Any) -> Iterator[int]:
        start = out.tell()
        headers = {"Range": f"bytes={start}-"} if start else {}
        with _explained(self._repo_id), client.stream("GET", url, headers=headers) as reply:
            _check_status(reply, self._repo_id)
            if start and reply.status_code != 206:  # it sends the whole file again
                out.truncate(0)
                self._hash = hashlib.sha256()
            for chunk in reply.iter_bytes(CHUNK_BYTES):
                if out.tell() + len(chunk) > self._file.size:
                    raise _unfit("more data than it announced")
                out.write(chunk)
                self._hash.update(chunk)
                yield out.tell()

    def _lock(self, descriptor: int) -> None:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadError(
                f"Another program is downloading {self._repo_id}: wait for it."
            ) from None

    def _finish(self) -> None:
        if self._file.sha256 not in (None, self._hash.hexdigest()):
            self._partial.unlink()
            raise DownloadError(
                f"{self._path.name} of {self._repo_id} arrived damaged and was deleted: download "
                "it again."
            )
        self._partial.replace(self._path)


@contextmanager
def _explained(repo_id: str) -> Iterator[None]:
    import httpx2

    try:
        yield
    except httpx2.HTTPError as error:
        raise UnreachableError(
            f"{endpoint()} cannot be reached for {repo_id} ({type(error).__name__}): check the "
            "connection, then run it again; what has arrived is kept."
        ) from error
    except OSError as error:
        from ..errors import explain

        raise explain(error, repo_id) from error


def _check_status(reply: httpx2.Response, repo_id: str) -> None:
    status, hub = reply.status_code, endpoint()
    if status == 404:
        raise ModelNotFoundError(
            f"{hub} has no model {repo_id}, or it is private: check the name, or set "
            "MODELSCOPE_API_TOKEN."
        )
    if status in (401, 403):
        raise DownloadError(
            f"{hub} denied access to {repo_id} ({status}): see {hub}/models/{repo_id}, and set "
            "MODELSCOPE_API_TOKEN."
        )
    if status == 429 or status >= 500:
        raise UnreachableError(f"{hub} failed with status {status}: try again later.")
    if status not in (200, 206):
        raise DownloadError(f"{hub} refused the request with status {status}: check the name.")


def _unfit(what: str) -> DownloadError:
    return DownloadError(f"{endpoint()} sent {what}: use another hub.")
