"""A token that lets this user's own programs administer a running server.

Each run of a server creates one in the state folder, which only this user can read. If another
program later listens on the same port, a token sent to it is worthless.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .state import StateFile, state_home


class AdminToken:
    """The token of the server at `url`, for example `http://127.0.0.1:1234`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = StateFile(_file_name(url))
        self.secret = ""

    def make(self) -> None:
        """Create a token that replaces an earlier run's. Raises ConfigurationError."""
        self.secret = secrets.token_urlsafe(32)
        with self._file.edit() as values:
            values.update(url=self._url, token=self.secret)

    def remove(self) -> None:
        """Delete the token at the end of the run, but not one that another server has created
        since.
        """
        with suppress(ConfigurationError, OSError):
            if self._file.read().get("token") == self.secret:
                self._file.path.unlink()


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def own_address(url: str) -> str:
    """Return the address of this user's server, if `url` is another name for it.

    The token is safe to send to the returned address. At another address that `url` resolves to,
    another program can be listening.
    """
    try:
        asked = urlsplit(url)
        own = str(StateFile(_file_name(url)).read().get("url", ""))
        listening = urlsplit(own)
        is_same = (listening.scheme, listening.port) == (asked.scheme, asked.port)
        names = (asked.hostname, listening.hostname)
    except (ConfigurationError, ValueError):
        return url
    is_bare = asked.path == asked.query == asked.fragment == "" and "@" not in asked.netloc
    return own if is_same and is_bare and all(name in _LOOPBACK for name in names) else url


def recorded_addresses() -> list[str]:
    """Return the addresses of this user's servers, also of those that were killed."""
    urls = []
    for path in sorted(state_home().glob("admin-token-*.json")):
        with suppress(ConfigurationError, ValueError):
            url = StateFile(path.name).read().get("url")
            if isinstance(url, str) and path.name == _file_name(url):
                urls.append(url)
    return urls


def _file_name(url: str) -> str:
    """Raises ValueError for a malformed URL."""
    return f"admin-token-{urlsplit(url).port}.json"


def token_for(url: str) -> str | None:
    """Return the token for `url`; None if this user runs no server at exactly that address.

    A host name gets no token, because it can resolve to another address than the server's.
    """
    try:
        values = StateFile(_file_name(url)).read()
    except (ConfigurationError, ValueError):
        return None
    token = values.get("token")
    return token if isinstance(token, str) and values.get("url") == url else None
