"""One file of the public web, from an address that was checked.

This computer and the networks around it cannot be reached: every address that a name has is
checked, also after a redirect, and the connection is made to the one that was checked.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ...quoting import quoted, shortened
from .made import ToolFault

# Bytes of a file, redirects to follow, and seconds for all of it.
LARGEST, MOST_REDIRECTS, PATIENCE = 5 << 20, 5, 30.0
_TEXTS = ("text/", "application/json", "application/xml", "application/xhtml+xml")
_REDIRECTS = (301, 302, 303, 307, 308)
# IPv6 addresses that stand for an IPv4 address in their last bits.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not public either, which older versions of Python do not know.
_LOCAL = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "192.0.0.0/24", "fec0::/10")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet, not to this computer or a network around it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    is_special = address.is_multicast or address.is_reserved or any(address in n for n in _LOCAL)
    return address.is_global and not is_special


def addresses_of(host: str, port: int) -> list[str]:
    """All addresses that a host has now. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]).partition("%")[0] for info in found))


class File(NamedTuple):
    """What an address has, after redirects; `kind` is the value of Content-Type."""

    url: str
    kind: str
    body: bytes


class Web(NamedTuple):
    """What names mean, and which addresses may be reached."""

    resolve: Callable[[str, int], Sequence[str]] = addresses_of
    may_reach: Callable[[Address], bool] = is_public

    def get(self, url: str, seconds: float = PATIENCE) -> File:
        """Raises ToolFault for what is no text, or cannot be had within these seconds."""
        deadline = time.monotonic() + seconds
        for _ in range(MOST_REDIRECTS + 1):
            try:
                parts = _parts(url)
                found = self._get(parts, deadline)
            except (OSError, HTTPException, ValueError) as error:
                reason = str(error) or type(error).__name__
                raise ToolFault(f"{_shown(url)} cannot be read: {shortened(reason)}.") from None
            if isinstance(found, File):
                return found
            url = urljoin(parts.geturl(), found)
        raise ToolFault(f"{_shown(url)} redirects too often.")

    def _get(self, parts: SplitResult, deadline: float) -> File | str:
        """The file, or the address that it redirects to."""
        url = parts.geturl()
        with closing(self._connected(parts, deadline)) as connection:
            # A server that sends byte by byte stays within every timeout.
            timer = threading.Timer(max(0.0, deadline - time.monotonic()), _end, [connection.sock])
            timer.daemon = True
            timer.start()
            try:
                connection.request("GET", _target(parts), headers=_headers(parts))
                return _read(connection.getresponse(), url)
            finally:
                timer.cancel()
                if time.monotonic() >= deadline:
                    raise ToolFault(f"{_shown(url)} takes longer than {PATIENCE:.0f} seconds.")

    def _connected(self, parts: SplitResult, deadline: float) -> HTTPConnection:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._addresses(host, port)
        left = max(0.1, deadline - time.monotonic())
        connection = HTTPConnection(host, port, timeout=left)
        connection.sock = _connect(addresses, port, left)
        if parts.scheme == "https":
            import httpx2

            context = httpx2.create_ssl_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
        return connection

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, all of which may be reached."""
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise ToolFault(f"There is no host {quoted(host)}.") from None
        if not found or not all(self.may_reach(ipaddress.ip_address(one)) for one in found):
            raise ToolFault(f"{quoted(host)} is not on the public internet; only that can be read.")
        return found


def _connect(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first address that accepts one. Raises OSError."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=seconds / len(addresses))
    return socket.create_connection((addresses[-1], port), timeout=seconds)


def _parts(url: str) -> SplitResult:
    """The address in ASCII. Raises ToolFault if it is none of a page."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        is_good = parts.scheme in ("http", "https") and bool(host) and parts.username is None
        place = f"[{host}]" if ":" in host else host
        place += f":{parts.port}" if parts.port else ""
    except ValueError:
        is_good = False
    if not is_good or not url.strip().isprintable():
        raise ToolFault(f"{quoted(url)} is no address of a web page, such as https://example.com/.")
    path, query = (quote(text, safe="/%:@!$&'()*+,;=~?[]") for text in (parts.path, parts.query))
    return SplitResult(parts.scheme, place, path, query, "")


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(parts: SplitResult) -> dict[str, str]:
    from ... import __version__

    return {
        "Host": parts.netloc,
        "User-Agent": f"qwen3mlx/{__version__}",
        "Accept": "text/html, text/*;q=0.9, application/json;q=0.9",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _read(response: HTTPResponse, url: str) -> File | str:
    location = response.headers.get("location")
    if response.status in _REDIRECTS and location:
        return location
    kind = response.headers.get("content-type", "text/html").lower()
    if response.status >= 400:
        raise ToolFault(f"{_shown(url)} answers with the status {response.status}.")
    if not kind.startswith(_TEXTS):
        raise ToolFault(f"{_shown(url)} is of type {quoted(kind)}, which is no text.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ToolFault(f"{_shown(url)} is compressed, which was not asked for.")
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ToolFault(f"{_shown(url)} has more than {LARGEST >> 20} MB.")
    return File(url, kind, body)


def _end(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _shown(url: str) -> str:
    return shortened(url)
