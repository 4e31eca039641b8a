"""The token by which this person's own programs may do everything at a running server.

Each run of a server makes one, and keeps it in the state folder, which only this person can read:
what another program listens for at the port of a server that is gone is worth nothing.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .state import StateFile


class AdminToken:
    """Of the server that listens at `url`: `http://127.0.0.1:1234`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = StateFile(f"admin-token-{urlsplit(url).port}.json")
        self.secret = ""

    def make(self) -> None:
        """A new one, in place of that of an earlier run. Raises ConfigurationError."""
        self.secret = secrets.token_urlsafe(32)
        with self._file.edit() as values:
            values.update(url=self._url, token=self.secret)

    def remove(self) -> None:
        """At the end of the run; one that another server has made since is left alone."""
        with suppress(ConfigurationError, OSError):
            if self._file.read().get("token") == self.secret:
                self._file.path.unlink()


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def own_address(url: str) -> str:
    """Where this person's server at the port of `url` listens, if `url` is another name for it.

    To ask it there is safe where to send its token to another address is not: somebody else's
    program may have that.
    """
    try:
        asked = urlsplit(url)
        own = str(StateFile(f"admin-token-{asked.port}.json").read().get("url", ""))
        listening = urlsplit(own)
        is_same = (listening.scheme, listening.port) == (asked.scheme, asked.port)
        names = (asked.hostname, listening.hostname)
    except (ConfigurationError, ValueError):
        return url
    is_bare = asked.path == asked.query == asked.fragment == "" and "@" not in asked.netloc
    return own if is_same and is_bare and all(name in _LOOPBACK for name in names) else url


def token_for(url: str) -> str | None:
    """What to send to `url`; None where this person runs no server at that very address.

    A name may be another address than the one that the server listens at: it gets no token.
    """
    try:
        port = urlsplit(url).port
        values = StateFile(f"admin-token-{port}.json").read()
    except (ConfigurationError, ValueError):
        return None
    token = values.get("token")
    return token if isinstance(token, str) and values.get("url") == url else None
