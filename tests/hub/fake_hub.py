"""A hub on the loopback address: the part of the Hugging Face protocol that downloads use."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from .loopback import Loopback, QuietHandler

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHUNK = 1 << 16
_INFO = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?")
_TREE = re.compile(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Fault:
    """The answer to one request: a status, and the header by which the hub says why."""

    status: int
    code: str = ""


@dataclass
class FakeHub(Loopback):
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, Fault] = field(default_factory=dict)  # whole repositories
    broken: dict[str, Fault] = field(default_factory=dict)  # single files
    cuts: dict[str, list[int]] = field(default_factory=dict)  # file -> bytes sent before each cut
    delays: dict[str, float] = field(default_factory=dict)
    commit: str = COMMIT
    etags: dict[str, str] = field(default_factory=dict)
    listing: Callable[[object], object] = lambda true: true
    extra: dict[str, int] = field(default_factory=dict)  # file -> bytes that nobody announced
    soon: dict[str, list[Fault]] = field(default_factory=dict)  # file -> the next answers
    elsewhere: FakeHub | None = None  # the second origin, where the files of LFS are
    models: object = None  # the answer to a search
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)  # one for each request

    closing: threading.Event = field(default_factory=threading.Event)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _handler(self)

    def __exit__(self, *exc_info: object) -> None:
        self.closing.set()
        super().__exit__(*exc_info)

    def fetched(self) -> list[str]:
        """Return the files requested with GET, in order, including repeats."""
        return [
            match[3]
            for verb, path, _ in self.requests
            if verb == "GET"
            if (match := _FILE.fullmatch(path))
        ]

    def ranges(self, name: str) -> list[str | None]:
        return [
            span
            for verb, path, span in self.requests
            if verb == "GET" and path.endswith(f"/{name}")
        ]


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append((self.command, path, self.headers.get("Range")))
            hub.tokens.append(self.headers.get("Authorization"))
            if path == "/api/models":
                return self._json(hub.models)
            for pattern, reply in ((_INFO, self._info), (_TREE, self._tree), (_FILE, self._file)):
                if match := pattern.fullmatch(path):
                    repo, revision, *rest = match.groups()
                    if fault := self._fault(repo, revision or "main", *rest):
                        return self._fail(fault)
                    return reply(repo, *rest)
            return self._fail(Fault(404))

        def _fault(self, repo: str, revision: str, name: str = "") -> Fault | None:
            if repo in hub.private:
                return hub.private[repo]
            if repo not in hub.repos:
                return Fault(401, "RepoNotFound")
            if revision not in ("main", COMMIT):
                return Fault(404, "RevisionNotFound")
            if self.command == "GET" and hub.soon.get(name):
                return hub.soon[name].pop(0)
            return hub.broken.get(name) if self.command == "GET" else None

        def _fail(self, fault: Fault) -> None:
            self.send_response(fault.status)
            if fault.code:
                self.send_header("X-Error-Code", fault.code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _info(self, repo: str) -> None:
            siblings = [self._sibling(*file) for file in hub.repos[repo].items()]
            self._json(hub.listing({"id": repo, "sha": hub.commit, "siblings": siblings}))

        def _sibling(self, name: str, data: bytes) -> dict[str, object]:
            """Describe a file; the hub keeps those whose ETag is a SHA-256 in LFS."""
            sibling: dict[str, object] = {"rfilename": name, "size": len(data)}
            if len(hub.etags.get(name, "")) == 64:
                lfs = {"sha256": hub.etags[name], "size": len(data), "pointerSize": 134}
                sibling["lfs"] = lfs
            return sibling

        def _tree(self, repo: str) -> None:
            files = hub.repos[repo].items()
            entries = [
                {"type": "file", "path": n, "size": len(d), "oid": _etag(d)} for n, d in files
            ]
            self._json(hub.listing(entries))

        def _json(self, body: object) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _file(self, repo: str, name: str) -> None:
            if name not in hub.repos[repo]:
                self._fail(Fault(404, "EntryNotFound"))
                return
            data = hub.repos[repo][name]
            if hub.elsewhere is not None and len(hub.etags.get(name, "")) == 64:
                self._redirect(hub.elsewhere.url, name, data)
                return
            if self.command == "GET":
                data += bytes(hub.extra.get(name, 0))
            start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
            self.send_response(206 if start else 200)
            self.send_header("ETag", f'"{hub.etags.get(name) or _etag(data)}"')
            self.send_header("X-Repo-Commit", hub.commit)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if self.command == "GET":
                self._send(data[start:], hub.cuts.get(name, []), hub.delays.get(name, 0))

        def _redirect(self, origin: str, name: str, data: bytes) -> None:
            self.send_response(302)
            self.send_header("Location", f"{origin}{self.path}")
            self.send_header("X-Linked-ETag", f'"{hub.etags[name]}"')
            self.send_header("X-Linked-Size", str(len(data)))
            self.send_header("X-Repo-Commit", hub.commit)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, data: bytes, cuts: list[int], delay: float) -> None:
            end = cuts.pop(0) if cuts else len(data)
            for at in range(0, end, CHUNK):
                hub.closing.wait(delay)
                try:
                    self.wfile.write(data[at : min(at + CHUNK, end)])
                except OSError:  # the client has gone
                    break

    return Handler


def _etag(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
