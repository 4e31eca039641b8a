"""Listening sockets, and the reason if there are none."""

from __future__ import annotations

import errno
import logging
import socket
from http.client import HTTPConnection, HTTPException

from ...errors import ListenError
from ...quoting import quoted

# Limits on probing the program that has the port.
_PROBE_SECONDS, _PROBE_BYTES = 0.5, 1000

logger = logging.getLogger(__name__)


def listen(host: str, port: int, *, fallback: bool = False) -> list[socket.socket]:
    """Sockets at `host` and `port`; port 0 picks a free one. Raises ListenError.

    With `fallback`, a free port is used if `port` is in use.
    Clients resolve `localhost` to 127.0.0.1 or ::1, so the server listens on both if it can.
    """
    try:
        host.encode("idna")
        if host not in ("localhost", "127.0.0.1", "0.0.0.0"):
            return [_bound(host, port)]
        first = _bound("127.0.0.1" if host == "localhost" else host, port)
    except UnicodeError:
        raise ListenError(f"{quoted(host)} is not a valid host name.") from None
    except OSError as error:
        if fallback and port and error.errno == errno.EADDRINUSE:
            logger.warning("Port %d is in use; using a free one instead.", port)
            return listen(host, 0)
        raise ListenError(_why(error, host, port)) from None
    try:
        return [first, _bound("::1", first.getsockname()[1])]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            logger.warning("Another program uses this port on ::1: use 127.0.0.1, not localhost.")
        return [first]


def _bound(host: str, port: int) -> socket.socket:
    """`::` accepts IPv4 connections, too."""
    if ":" not in host:
        return socket.create_server((host, port))
    both = host == "::" and socket.has_dualstack_ipv6()
    if host == "::" and not both:
        logger.warning("On this system, :: only accepts IPv6; for IPv4 use --host 0.0.0.0.")
    return socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=both)


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        who = "a qwen3mlx server; use or stop it" if _is_ours(port) else "another program; stop it"
        return (
            f"Port {port} is in use by {who}, or choose another with --port (0 picks a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} requires administrator rights; choose one above 1023 with --port."
    reason = error.strerror or error
    return f"Cannot listen on {host} ({reason}); choose an address of this computer."


def _is_ours(port: int) -> bool:
    """Whether a qwen3mlx server answers at the address that clients use."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/")
        return b'"name":"qwen3mlx"' in connection.getresponse().read(_PROBE_BYTES)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def url_of(listening: socket.socket) -> str:
    """The URL for clients on this computer."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
