"""The address of this user's running server, for verbs that are given no --url."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..errors import ConfigurationError, InvalidRequestError, Qwen3MLXError, UsageError
from ..settings.admin_token import recorded_addresses
from ..settings.table import SERVER
from ..settings.user import UserSettings

# Limits on asking a recorded address who is there.
_PROBE_SECONDS, _PROBE_BYTES = 2.0, 1000


class ServerError(Qwen3MLXError):
    """No server responded, or it refused the request."""

    code = "server_failed"


def own_server() -> str:
    """Return the server at the port in settings.json, else the only one that this user runs.

    If none runs, the address at that port is returned, where another user's may be. Raises
    ServerError if that port is 0, which stands for any; UsageError if several servers run
    elsewhere; ConfigurationError for a wrong port.
    """
    port = _configured_port()
    running = [url for url in recorded_addresses() if _is_ours(url)]
    for url in running:
        if urlsplit(url).port == port:
            return url
    if len(running) > 1:
        raise UsageError(
            f"Several servers are running ({', '.join(running)}): choose one with --url."
        )
    if running:
        return running[0]
    if port == 0:
        raise ServerError(
            "No server is running on this computer: start one with `qwen3mlx serve`, or pass the "
            "address of another with --url."
        )
    return f"http://127.0.0.1:{port}"


def _configured_port() -> int:
    settings = UserSettings()
    port: int = settings.server().get("port", SERVER["port"].default)
    try:
        SERVER["port"].check(port)
    except InvalidRequestError as error:
        raise ConfigurationError(f"{settings.path}: server.{error}") from None
    return port


def _is_ours(url: str) -> bool:
    """Return whether a qwen3mlx server answers: one that was killed leaves its record behind."""
    try:
        parts = urlsplit(url)
        host = str(ip_address(parts.hostname or ""))  # a server records no host names
        connection = HTTPConnection(host, parts.port, timeout=_PROBE_SECONDS)
        with closing(connection):
            connection.request("GET", "/")
            return b'"name":"qwen3mlx"' in connection.getresponse().read(_PROBE_BYTES)
    except (OSError, HTTPException, ValueError):
        return False
