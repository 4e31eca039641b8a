"""Large files, fetched so that an interrupted one goes on where it stopped, even after a crash.

`huggingface_hub` (2.4) writes each attempt to a temporary file of its own, and deletes it. So a
file whose SHA-256 the hub announces is fetched here first, under the library's own lock and name;
the library then finds it. The hashes of all new files are checked afterwards: see `hashes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..config.hub_layout import folder_name
from ..library.cache import blobs_folder, hub_cache

# Files of a repository at the same time: one connection seldom fills a line.
AT_ONCE = 4
SUFFIX = ".incomplete"  # as in earlier versions of the library, which continued such files too


class LargeFile(NamedTuple):
    """`sha256` is its name in the cache."""

    name: str
    sha256: str
    size: int


def fetch_large(
    repo_id: str, commit: str, files: Iterable[LargeFile], count: Callable[[int], None]
) -> None:
    """Complete these files in the cache. `count` gets the bytes that are there and that arrive.

    An exception that it raises ends the downloads; what has arrived is kept.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"fetch {repo_id}") as pool:
        fetched = [pool.submit(_fetch, repo_id, commit, file, count) for file in files]
        try:
            for one in fetched:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def is_ours(partial: Path) -> bool:
    """Return whether it is a file that goes on here, not one of the library's."""
    return "." not in partial.name.removesuffix(SUFFIX)


def _fetch(repo_id: str, commit: str, file: LargeFile, count: Callable[[int], None]) -> None:
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._fixes import WeakFileLock

    blob = blobs_folder(repo_id) / file.sha256
    lock = hub_cache() / ".locks" / folder_name(repo_id) / f"{file.sha256}.lock"
    for folder in (blob.parent, lock.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock):
        if blob.exists():  # another program was faster
            return count(file.size)
        partial = blob.with_name(f"{file.sha256}{SUFFIX}")
        with partial.open("ab", buffering=0) as out:
            if out.tell() > file.size:
                out.truncate(0)
            count(out.tell())
            url, headers = _place(repo_id, commit, file.name)
            http_get(
                url,
                out,
                resume_size=out.tell(),
                headers=headers,
                expected_size=file.size,
                tqdm_class=type("_BarOfThisFile", (_Bar,), {"count": staticmethod(count)}),
            )
        return _finish(partial, blob)


def _finish(partial: Path, blob: Path) -> None:
    partial.chmod(0o644)
    partial.replace(blob)


def _place(repo_id: str, commit: str, name: str) -> tuple[str, dict[str, str]]:
    """Return where the hub keeps the file, and the headers for there: its token stays here."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils._headers import build_hf_headers

    url = hf_hub_url(repo_id, name, revision=commit)
    location = get_hf_file_metadata(url).location
    headers = build_hf_headers()
    if urlsplit(location)[:2] != urlsplit(url)[:2]:
        headers.pop("authorization", None)
    return location, headers


class _Bar:
    """The parts of `tqdm` that `http_get` uses."""

    count: Callable[[int], None]  # set in a subclass for each download

    def __init__(self, **look: Any) -> None:
        pass

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def update(self, n: float | None = 1) -> None:
        self.count(int(n or 0))
