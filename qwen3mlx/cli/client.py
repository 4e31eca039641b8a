"""A running server, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ..errors import ConfigurationError, Qwen3MLXError, UsageError
from ..quoting import quoted
from ..settings.admin_token import own_address, token_for
from ..settings.user import UserSettings

_PORT = 1234
_SECONDS = 30.0


class ServerError(Qwen3MLXError):
    """No server answered, or it refused."""

    code = "server_failed"


class Client:
    """`url` None is the server on this computer, at its usual port or the one in settings.json.

    Without a key, a server that this person has started is shown their token: see `AdminToken`.
    """

    def __init__(self, url: str | None, api_key: str | None) -> None:
        settings = UserSettings()
        port = settings.server().get("port", _PORT)
        self.url = (url or f"http://127.0.0.1:{port}").rstrip("/").removesuffix("/v1")
        if url is None and not _is_url(self.url):
            raise ConfigurationError(
                f"{settings.path}: server.port is {quoted(port)}; it must be from 1 to 65535."
            )
        if not _is_url(self.url):
            raise UsageError(
                f"The server's URL is {quoted(self.url)}; it must begin with http:// or "
                "https://, and its port be one from 1 to 65535."
            )
        self.url = own_address(self.url)
        self._key_given = bool(api_key)
        self._headers = {"Content-Type": "application/json"}
        if key := api_key or token_for(self.url):
            self._headers["Authorization"] = f"Bearer {key}"
        # A proxy for the web is none for this computer.
        self._opener = build_opener(ProxyHandler({}))

    def get(self, path: str) -> dict[str, Any]:
        """The JSON answer. ServerError says what is wrong, in the server's words if it has any."""
        return self._send(Request(self.url + path, headers=self._headers), _SECONDS)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As `get`; loading a large model may take minutes, so the answer is waited for."""
        data = json.dumps(body).encode()
        return self._send(Request(self.url + path, data=data, headers=self._headers), None)

    def _send(self, request: Request, seconds: float | None) -> dict[str, Any]:
        try:
            with self._opener.open(request, timeout=seconds) as response:
                answer: Any = json.loads(response.read())
        except HTTPError as error:
            raise ServerError(self._refusal(error)) from None
        except ValueError:
            answer = None
        except (URLError, HTTPException, OSError):
            raise ServerError(
                f"No server answers at {self.url}: start one with `qwen3mlx serve`, "
                "or name another with --url."
            ) from None
        if not isinstance(answer, dict):
            raise ServerError(f"{self.url} is no qwen3mlx server: it answered no JSON object.")
        return answer

    def _refusal(self, error: HTTPError) -> str:
        """The server's words, and what a person at the command line can do."""
        told, code = _told(error)
        if error.code == 401:
            told = told or f"{self.url} asks for an API key."
            return f"{told} Give one with --api-key, or in QWEN3MLX_API_KEY."
        if told and code == "insufficient_scope" and self._key_given:
            told += " The key sent was that of --api-key or QWEN3MLX_API_KEY"
            own = token_for(self.url)
            return told + (": at your own server none is needed." if own else ".")
        return told or (
            f"{self.url} is no qwen3mlx server, or another version: it answered {error.code}."
        )


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _told(error: HTTPError) -> tuple[str, str | None]:
    """The server's message and code; no message where it is none of ours."""
    with error:
        text = error.read()
    try:
        told = json.loads(text)["error"]
        return (str(told["message"]), told.get("code")) if isinstance(told, dict) else (told, None)
    except (ValueError, KeyError, TypeError):
        return "", None
