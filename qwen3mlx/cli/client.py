"""An HTTP client for a running server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ..errors import UsageError
from ..quoting import quoted
from ..settings.admin_token import own_address, token_for
from .own_server import ServerError, own_server

_SECONDS = 30.0


class Client:
    """If `url` is None, use this user's own server; see `own_server`.

    If there is no key, a server started by the same user is sent that user's token; see
    `AdminToken`.
    """

    def __init__(self, url: str | None, api_key: str | None) -> None:
        self.url = (url or own_server()).rstrip("/").removesuffix("/v1")
        if not _is_url(self.url):
            raise UsageError(
                f"The server's URL is {quoted(self.url)}; it must start with http:// or "
                "https://, and its port must be from 1 to 65535."
            )
        self.url = own_address(self.url)
        self._key_given = bool(api_key)
        self._headers = {"Content-Type": "application/json"}
        if key := api_key or token_for(self.url):
            self._headers["Authorization"] = f"Bearer {key}"
        # A web proxy cannot reach this computer's loopback address.
        self._opener = build_opener(ProxyHandler({}))

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON response. Raises ServerError, with the server's own message if it sent
        one.
        """
        return self._send(Request(self.url + path, headers=self._headers), _SECONDS)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Like `get`, but without a timeout: loading a large model can take minutes."""
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
                f"No server is running at {self.url}: start one with `qwen3mlx serve`, "
                "or pass another address with --url."
            ) from None
        if not isinstance(answer, dict):
            raise ServerError(
                f"{self.url} does not look like a qwen3mlx server (no JSON object returned)."
            )
        return answer

    def _refusal(self, error: HTTPError) -> str:
        """Return the server's message, and what the user can do about it."""
        told, code = _told(error)
        if error.code == 401:
            told = told or f"{self.url} requires an API key."
            return f"{told} Pass one with --api-key, or set QWEN3MLX_API_KEY."
        if told and code == "insufficient_scope" and self._key_given:
            told += " The request used the key from --api-key or QWEN3MLX_API_KEY"
            own = token_for(self.url)
            return told + ("; your own server needs no key." if own else ".")
        return told or (
            f"{self.url} does not look like a qwen3mlx server of this version (HTTP {error.code})."
        )


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _told(error: HTTPError) -> tuple[str, str | None]:
    """Return the server's message and code; the message is empty if the body is not one of our
    errors.
    """
    with error:
        text = error.read()
    try:
        told = json.loads(text)["error"]
        return (str(told["message"]), told.get("code")) if isinstance(told, dict) else (told, None)
    except (ValueError, KeyError, TypeError):
        return "", None
