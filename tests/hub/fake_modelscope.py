"""ModelScope on the loopback address: its listing, and files that it redirects to elsewhere."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

CHUNK = 1 << 16


@dataclass
class FakeModelScope:
    repos: dict[str, dict[str, bytes]]
    status: int = 200  # of everything
    soon: list[int] = field(default_factory=list)  # of the next files
    cuts: dict[str, list[int]] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)  # in place of the announced bytes
    listing: Callable[[object], object] = lambda true: true
    models: object = None  # the answer to a search
    asked: list[dict[str, list[str]]] = field(default_factory=list)  # of searches
    delay: float = 0.0  # seconds between the pieces of that answer
    ignores_ranges: bool = False
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def __enter__(self) -> FakeModelScope:
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) for _ in range(2)]
        for server in self._servers:
            server.block_on_close = False
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_address[1]}"

    @property
    def elsewhere(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_address[1]}"

    def fetched(self) -> list[str]:
        return [path[5:].split("/", 2)[2] for path, _, _ in self.requests if path[:5] == "/oss/"]


def _handler(hub: FakeModelScope) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            path, query = unquote(url.path), parse_qs(url.query)
            token, span = self.headers.get("Authorization"), self.headers.get("Range")
            hub.requests.append((path, token, span))
            if hub.status != 200:
                return self._reply(hub.status, b"<html>no</html>")
            if path == "/openapi/v1/models":
                hub.asked.append(query)
                return self._found()
            if path.startswith("/oss/"):
                repo, _, name = path[5:].rpartition("/")
                return self._file(repo, name, span)
            repo, _, verb = path.removeprefix("/api/v1/models/").partition("/repo")
            if repo not in hub.repos or query["Revision"] != ["master"]:
                return self._reply(404, b"{}")
            if verb == "/files":
                return self._listing(hub.repos[repo])
            place = f"{hub.elsewhere}/oss/{repo}/{quote(query['FilePath'][0])}"
            return self._reply(302, b"", Location=place)

        def _found(self) -> None:
            """What the OpenAPI returns: a page of at most 50 models, in an envelope."""
            told = hub.models
            if isinstance(told, list):
                page = {"models": told, "total_count": len(told), "page_number": 1, "page_size": 50}
                told = {"success": True, "request_id": "1", "data": page}
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            if not hub.delay:
                return self._reply(200, body)
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # the client has gone
                for at in range(0, len(body), 8):
                    self.wfile.write(body[at : at + 8])
                    time.sleep(hub.delay)
            return None

        def _listing(self, files: dict[str, bytes]) -> None:
            rows = [
                {
                    "Path": name,
                    "Type": "blob",
                    "Size": len(data),
                    "Sha256": hashlib.sha256(data).hexdigest(),
                }
                for name, data in files.items()
            ]
            told = hub.listing({"Code": 200, "Data": {"Files": rows}})
            self._reply(200, told if isinstance(told, bytes) else json.dumps(told).encode())

        def _file(self, repo: str, name: str, span: str | None) -> None:
            if hub.soon:
                return self._reply(hub.soon.pop(0), b"")
            data = hub.sent.get(name, hub.repos[repo][name])
            start = 0 if hub.ignores_ranges else int((span or "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            cuts = hub.cuts.get(name)
            end = cuts.pop(0) if cuts else len(data)
            for at in range(start, max(end, start), CHUNK):
                self.wfile.write(data[at : min(at + CHUNK, end)])
            return None

        def _reply(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler
