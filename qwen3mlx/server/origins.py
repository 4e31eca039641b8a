"""Origins of web pages and desktop apps that may call, with or without wildcards.

https://chat.example.com    this page
https://*.example.com       every subdomain of example.com
http://localhost:*          every port
app://*                     every page of a scheme other than http and https
"""

from __future__ import annotations

import re

from ..errors import UsageError
from ..quoting import quoted

MAX_PORT = 65535
_WEB = ("http", "https")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SCHEME = r"(?P<scheme>[a-z][a-z0-9+.-]*)"
_NAME = r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?"
_HOST = rf"(?P<host>(?:\*\.)?{_NAME}|\[[0-9a-f:.]+\]|\*)"
_PORT = r"(?::(?P<port>[0-9]{1,5}|\*))?"
_PATTERN = re.compile(rf"{_SCHEME}://{_HOST}{_PORT}")


class Origins:
    """The allowed origins. Raises UsageError for an invalid one."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = [_compiled(pattern) for pattern in patterns]

    def __contains__(self, origin: str) -> bool:
        return any(pattern.fullmatch(origin.lower()) for pattern in self._patterns)


def _compiled(pattern: str) -> re.Pattern[str]:
    match = _PATTERN.fullmatch(pattern.lower())
    if match is None:
        raise UsageError(
            f"{quoted(pattern)} is not a valid origin; use scheme, host and port, as in "
            "http://localhost:3000, https://*.example.com, http://localhost:* or app://*."
        )
    scheme, host, port = match["scheme"], match["host"], match["port"]
    if port not in (None, "*") and int(port) > MAX_PORT:
        raise UsageError(f"{quoted(pattern)} has port {port}; the highest port is {MAX_PORT}.")
    if host == "*" and scheme in _WEB:
        raise UsageError(
            f"{quoted(pattern)} would let every web page use this server; specify a host, as in "
            f"{scheme}://*.example.com or {scheme}://localhost:*."
        )
    return re.compile(f"{re.escape(scheme)}://{_hosts(host)}{_ports(port, scheme)}")


def _hosts(host: str) -> str:
    if host == "*":
        return ".*"
    if host.startswith("*."):
        return r"[a-z0-9_.-]+\." + re.escape(host[2:])
    return re.escape(host)


def _ports(port: str | None, scheme: str) -> str:
    """Browsers omit the default port."""
    if port == "*":
        return r"(:[0-9]+)?"
    return "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
