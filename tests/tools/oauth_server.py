"""An MCP server over HTTP and its authorization server, as OAuth 2.1 and MCP describe them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Json = dict[str, Any]


class Guarded:
    """`fault` is what goes wrong; `requests` are the paths that were asked for, in order.

    Tokens are worth nothing any more once they are taken out of `tokens`.
    """

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.refreshing: set[str] = set()
        self.url = ""
        self._codes: dict[str, Json] = {}
        self._clients: dict[str, list[str]] = {}

    def get(self, path: str, query: Json) -> tuple[int, Json | bytes, dict[str, str]]:
        if path.startswith("/.well-known/"):
            return self._discovered(path)
        if path == "/authorize":
            return self._authorized(query)
        return 405, {}, {}

    def post(self, path: str, body: bytes, key: str) -> tuple[int, Json | bytes, dict[str, str]]:
        if path == "/register":
            asked = json.loads(body)
            client = secrets.token_hex(4)
            self._clients[client] = asked["redirect_uris"]
            return 201, {**asked, "client_id": client}, {}
        if path in ("/oauth/token", "/token"):
            return self._token({name: one[0] for name, one in parse_qs(body.decode()).items()})
        if key.removeprefix("Bearer ") not in self.tokens:
            about = f'Bearer resource_metadata="{self.url}/.well-known/oauth-protected-resource"'
            return 401, {}, {"WWW-Authenticate": about}
        return self._answered(json.loads(body))

    def _discovered(self, path: str) -> tuple[int, Json | bytes, dict[str, str]]:
        if self.fault == "garbage":
            return 200, b"<html>" * 1000, {}
        if "protected-resource" in path:
            issuer = "http://10.0.0.1" if self.fault == "elsewhere" else self.url
            return 200, {"resource": f"{self.url}/mcp", "authorization_servers": [issuer]}, {}
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/oauth/token",
            "registration_endpoint": f"{self.url}/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }
        if self.fault == "command":
            told["authorization_endpoint"] = "http://$(calc).evil.example/a"
        return 200, told, {}

    def _authorized(self, query: Json) -> tuple[int, Json, dict[str, str]]:
        assert query["redirect_uri"] in self._clients[query["client_id"]]
        assert query["code_challenge_method"] == "S256"
        code, state = secrets.token_hex(4), query["state"]
        self._codes[code] = query
        given = {"error": "access_denied"} if self.fault == "denied" else {"code": code}
        state = "another" if self.fault == "state" else state
        return (
            302,
            {},
            {"Location": f"{query['redirect_uri']}?{urlencode({**given, 'state': state})}"},
        )

    def _token(self, given: Json) -> tuple[int, Json, dict[str, str]]:
        if self.fault == "token":
            return 400, {"error": "invalid_grant", "error_description": "secret \x1b[31m"}, {}
        if given["grant_type"] == "refresh_token":
            if given["refresh_token"] not in self.refreshing:
                return 400, {"error": "invalid_grant"}, {}
            return 200, self._issued(), {}
        asked = self._codes.pop(given["code"])
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        assert given["redirect_uri"] == asked["redirect_uri"]
        return 200, self._issued(), {}

    def _issued(self) -> Json:
        token, refreshing = (secrets.token_hex(8) for _ in range(2))
        self.tokens.add(token)
        self.refreshing.add(refreshing)
        kind = {"access_token": token, "token_type": "Bearer", "refresh_token": refreshing}
        return {**kind, "expires_in": 3600}

    def _answered(self, asked: Json) -> tuple[int, Json, dict[str, str]]:
        method = asked["method"]
        if "id" not in asked:
            return 202, {}, {}
        results: Json = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "guarded", "version": "1"},
            },
            "tools/list": {"tools": [{"name": "look", "inputSchema": {"type": "object"}}]},
            "tools/call": {"content": [{"type": "text", "text": "seen"}]},
        }
        head = {"jsonrpc": "2.0", "id": asked["id"]}
        if method not in results:
            return 200, {**head, "error": {"code": -32601, "message": "no such method"}}, {}
        return 200, {**head, "result": results[method]}, {}


@contextmanager
def guarded_server(fault: str = "") -> Iterator[Guarded]:
    """At `url`/mcp."""
    made = Guarded(fault)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.requests.append(parts.path)
            query = {name: one[0] for name, one in parse_qs(parts.query).items()}
            self._send(*made.get(parts.path, query))

        def do_POST(self) -> None:
            made.requests.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._send(*made.post(self.path, body, self.headers.get("Authorization", "")))

        def do_DELETE(self) -> None:
            self._send(405, {}, {})

        def _send(self, status: int, body: Json | bytes, headers: dict[str, str]) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            kind = {"Content-Type": "application/json", "Content-Length": str(len(data))}
            for name, value in {**kind, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
