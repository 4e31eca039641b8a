"""Check a hub's responses before `huggingface_hub` acts on them.

The library (2.4) builds cache paths from a hub's values: a commit names a folder; an ETag or a
SHA-256 names a file. A hostile or broken mirror must not be able to choose a path, send data
without end, or stay silent forever.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import httpx2
from huggingface_hub import get_session

from ..errors import DownloadError
from ..library.cache import COMMIT
from .listing import LARGEST_LISTING, MOST_FILES, SILENCE_SECONDS, is_inside

LISTING_SECONDS = 60.0

_TAG = re.compile(r"[\w-][\w.-]{0,127}", re.ASCII)
_KEYS_OF_TAGS = ("oid", "sha256", "xetHash", "blobId")


def check_from_now_on(hub: str) -> Callable[[], None]:
    """Pass every response that the library gets through `check`; returns a function that undoes
    this.
    """
    session = get_session()
    hooks, timeout = session.event_hooks, session.timeout
    session.timeout = SILENCE_SECONDS
    session.event_hooks = {
        **hooks,
        "request": [*hooks["request"], _ask_for_plain_bytes],
        "response": [*hooks["response"], lambda response: check(response, hub)],
    }

    def undo() -> None:
        session.event_hooks, session.timeout = hooks, timeout

    return undo


def check(response: httpx2.Response, hub: str) -> None:
    """Check a response whose body has not been read yet. Raises DownloadError.

    The body of a listing is read here, within its limits.
    """
    headers = response.headers
    commit = headers.get("X-Repo-Commit")
    if commit is not None and not COMMIT.fullmatch(commit):
        raise _bad(hub, "a commit", commit)
    for name in ("ETag", "X-Linked-ETag"):
        tag = headers.get(name)
        if tag is not None and not _TAG.fullmatch(tag.removeprefix("W/").strip('"')):
            raise _bad(hub, "an ETag", tag)
    if response.request.method != "GET" or response.status_code >= 300:
        return
    if "/api/" in response.request.url.path:
        if headers.get("Content-Encoding", "identity") != "identity":
            raise _bad(hub, "an encoding", headers["Content-Encoding"])
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Limited(response.stream, hub)
        _check_listing(response.read(), hub)


def _ask_for_plain_bytes(request: httpx2.Request) -> None:
    request.headers["Accept-Encoding"] = "identity"


def _check_listing(body: bytes, hub: str) -> None:
    try:
        listing = json.loads(body)
    except (ValueError, RecursionError):
        raise DownloadError(
            f"{hub} returned a listing that is not JSON: use another hub."
        ) from None
    if isinstance(listing, dict):
        commit = listing.get("sha")
        if commit is not None and not (isinstance(commit, str) and COMMIT.fullmatch(commit)):
            raise _bad(hub, "a commit", commit)
        files = listing.get("siblings") or []
    else:
        files = listing
    if not isinstance(files, list) or len(files) > MOST_FILES:
        raise DownloadError(
            f"{hub} returned a listing that is not a list of files: use another hub."
        )
    for file in files:
        _check_file(file, hub)


def _check_file(file: object, hub: str) -> None:
    if not isinstance(file, dict):
        raise _bad(hub, "a file", file)
    path = file.get("path", file.get("rfilename"))
    if not isinstance(path, str) or not is_inside(path):
        raise _bad(hub, "a file name", path)
    for about in (file, file.get("lfs")):
        if about is None:
            continue
        if not isinstance(about, dict):
            raise _bad(hub, "a file", about)
        size = about.get("size", 0)
        if size is not None and (type(size) is not int or size < 0):
            raise _bad(hub, "a size", size)
        for key in _KEYS_OF_TAGS:
            tag = about.get(key)
            if tag is not None and not (isinstance(tag, str) and _TAG.fullmatch(tag)):
                raise _bad(hub, "a hash", tag)


def _bad(hub: str, what: str, value: object) -> DownloadError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return DownloadError(f"{hub} sent {what} that is not valid ({shown}): use another hub.")


class _Limited(httpx2.SyncByteStream):
    """A response stream that raises an error once it exceeds the limits of a listing."""

    def __init__(self, stream: httpx2.SyncByteStream, hub: str) -> None:
        self._stream = stream
        self._hub = hub

    def __iter__(self) -> Iterator[bytes]:
        size, start = 0, time.monotonic()
        for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST_LISTING or time.monotonic() - start > LISTING_SECONDS:
                raise DownloadError(f"{self._hub} returned a listing without end: use another hub.")
            yield chunk

    def close(self) -> None:
        self._stream.close()
