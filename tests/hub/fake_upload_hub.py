"""A hub on the loopback address that takes uploads: the part of the protocol that they use.

Large files come by LFS, whole or in parts, or by Xet, whose store is then a folder. Each has a list
of faults, of which every request takes the next one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .loopback import Loopback, QuietHandler

TOKEN = "hf_" + "t" * 34
COMMIT = "0123456789abcdef0123456789abcdef01234567"
_REPO = r"/api/models/([^/]+/[^/]+)"


@dataclass
class Refusal:
    """An answer in place of the true one. `cut` bytes of the request are read first, and with
    `status` 0 the connection is closed.
    """

    status: int
    said: str = ""
    cut: int | None = None


@dataclass
class FakeUploadHub(Loopback):
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    role: str = "write"
    chunk: int | None = None  # bytes of a part; None: files are sent whole
    xet: Path | None = None
    # "whoami", "info", "create", "yaml", "preupload", "batch", "put", "verify", "commit" -> faults
    faults: dict[str, list[Refusal]] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)  # by SHA-256
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    put: list[int] = field(default_factory=list)  # bytes of each PUT that arrived
    leaked: list[str] = field(default_factory=list)  # stores that were shown the token
    on_put: Callable[[], object] = lambda: None  # False: the file is lost, and there is no answer

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _handler(self)

    def kinds(self, verb: str) -> list[str]:
        return [path for each, path in self.requests if each == verb]


def _handler(hub: FakeUploadHub) -> type[BaseHTTPRequestHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append((self.command, path))
            for kind, pattern, reply in self._routes():
                if match := re.fullmatch(pattern, path):
                    if (faults := hub.faults.get(kind)) and self._fail(faults.pop(0)):
                        return None
                    is_known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
                    if not is_known and kind not in ("put", "yaml", "complete"):
                        return self._say(401, {"error": "Invalid credentials"})
                    return reply(*match.groups())
            return self._say(404, {"error": "Not found"})

        def _routes(self) -> list[tuple[str, str, Callable[..., None]]]:
            return [
                ("whoami", "/api/whoami-v2", self._whoami),
                ("info", _REPO, self._info),
                ("create", "/api/repos/create", self._create),
                ("yaml", "/api/validate-yaml", self._yaml),
                ("preupload", _REPO + "/preupload/main", self._preupload),
                ("xet", _REPO + "/xet-write-token/main", self._xet),
                ("batch", r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", self._batch),
                ("put", r"/store/([0-9a-f]+)(?:/(\d+))?", self._put),
                ("complete", r"/complete/([0-9a-f]+)", self._complete),
                ("verify", "/verify", self._verify),
                ("commit", _REPO + "/commit/main", self._commit),
            ]

        def _fail(self, fault: Refusal) -> bool:
            """Return whether the request has been answered."""
            self._body(at_most=fault.cut)
            if fault.status:
                self._say(fault.status, {"error": fault.said})
            self.close_connection = True
            return True

        def _body(self, at_most: int | None = None) -> bytes:
            if self.headers.get("Transfer-Encoding", "") == "chunked":
                pieces = []
                while size := int(self.rfile.readline(), 16):
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(pieces)
            length = int(self.headers.get("Content-Length") or 0)
            return self.rfile.read(length if at_most is None else min(length, at_most))

        def _say(self, status: int, body: Any, **headers: str) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            if status in (401, 404):
                self.send_header("X-Error-Code", "RepoNotFound" if status == 404 else "")
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _whoami(self) -> None:
            token = {"displayName": "mine", "role": hub.role}
            body = {"type": "user", "name": "me", "orgs": [{"name": "team"}]}
            self._say(200, {**body, "auth": {"type": "access_token", "accessToken": token}})

        def _info(self, repo: str) -> None:
            if repo not in hub.repos:
                return self._say(404, {"error": "Repository not found"})
            files = [{"rfilename": n, "size": len(d)} for n, d in hub.repos[repo].items()]
            facts = {"id": repo, "sha": COMMIT, "private": hub.private[repo], "siblings": files}
            return self._say(200, facts)

        def _create(self) -> None:
            asked = json.loads(self._body())
            repo = f"{asked['organization']}/{asked['name']}"
            if repo in hub.repos:
                return self._say(409, {"error": "You already created this model repo"})
            hub.repos[repo] = {".gitattributes": b"* text"}
            hub.private[repo] = asked.get("visibility") == "private"
            return self._say(200, {"url": f"{hub.url}/{repo}"})

        def _yaml(self) -> None:
            self._body()
            self._say(200, {"errors": [], "warnings": []})

        def _preupload(self, repo: str) -> None:
            files = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                    "oid": _oid(hub.repos[repo].get(file["path"])),
                }
                for file in json.loads(self._body())["files"]
            ]
            self._say(200, {"files": files})

        def _xet(self, repo: str) -> None:
            assert hub.xet is not None
            store, end = f"local://{hub.xet}", int(time.time()) + 3600
            self._say(
                200,
                {"casUrl": store, "accessToken": "x", "exp": end},
                X_Xet_Cas_Url=store,
                X_Xet_Access_Token="x",
                X_Xet_Token_Expiration=str(end),
            )

        def _batch(self, repo: str) -> None:
            objects = [self._object(each) for each in json.loads(self._body())["objects"]]
            self._say(200, {"transfer": "multipart" if hub.chunk else "basic", "objects": objects})

        def _object(self, asked: dict[str, Any]) -> dict[str, Any]:
            oid, size = asked["oid"], asked["size"]
            if oid in hub.stored:
                return {"oid": oid, "size": size}
            upload: dict[str, Any] = {"href": f"{hub.url}/store/{oid}"}
            if hub.chunk:
                places = range(1, -(-size // hub.chunk) + 1)
                parts = {str(n): f"{hub.url}/store/{oid}/{n}" for n in places}
                upload = {"href": f"{hub.url}/complete/{oid}"}
                upload["header"] = {"chunk_size": str(hub.chunk), **parts}
            actions = {"upload": upload, "verify": {"href": f"{hub.url}/verify"}}
            return {"oid": oid, "size": size, "actions": actions}

        def _put(self, oid: str, part: str | None) -> None:
            if self.headers.get("Authorization"):
                hub.leaked.append(oid)
            data = self._body()
            hub.put.append(len(data))
            if hub.on_put() is False:
                self.close_connection = True
                return None
            if part is not None:
                hub.parts.setdefault(oid, {})[int(part)] = data
            elif hashlib.sha256(data).hexdigest() != oid:
                return self._say(400, {"error": "BadDigest"})
            else:
                hub.stored[oid] = data
            return self._say(200, {}, ETag=f'"{len(data)}"')

        def _complete(self, oid: str) -> None:
            self._body()
            data = b"".join(part for _, part in sorted(hub.parts[oid].items()))
            if hashlib.sha256(data).hexdigest() != oid:
                return self._say(400, {"error": "BadDigest"})
            hub.stored[oid] = data
            return self._say(200, {})

        def _verify(self) -> None:
            asked = json.loads(self._body())
            self._say(200 if asked["oid"] in hub.stored else 404, {})

        def _commit(self, repo: str) -> None:
            lines = [json.loads(line) for line in self._body().splitlines()]
            files = dict(hub.repos[repo])
            for line in lines:
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    data = hub.stored.get(value["oid"])
                    if data is None and hub.xet is None:
                        return self._say(400, {"error": "The LFS object is not there"})
                    files[value["path"]] = data if data is not None else bytes(value["size"])
            hub.repos[repo] = files
            url = f"{hub.url}/{repo}/commit/{COMMIT}"
            return self._say(200, {"success": True, "commitOid": COMMIT, "commitUrl": url})

    return Handler


def _oid(data: bytes | None) -> str | None:
    """Return git's name of a blob."""
    if data is None:
        return None
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
