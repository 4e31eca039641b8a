"""API keys: several, named, kept as salted hashes, and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..config.state import StateFile
from ..errors import ConfigurationError, UsageError

PREFIX = "sk-qwen3mlx-"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. `created` is a time in UTC, as ISO 8601 writes it.

    One round of SHA-256 is enough: a key is 256 random bits, so there is nothing to guess.
    """

    name: str
    created: str
    salt: str
    hash: str

    @classmethod
    def of(cls, name: str, secret: str) -> ApiKey:
        salt = secrets.token_hex(16)
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return cls(name, created, salt, _hash(salt, secret))

    def matches(self, secret: str) -> bool:
        return hmac.compare_digest(_hash(self.salt, secret), self.hash)


class KeyStore:
    """The keys in the state folder. ConfigurationError when their file is broken."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("api-keys.json", home)

    def create(self, name: str) -> str:
        """A new key, which is told this once. UsageError when the name is taken, or not one."""
        if not (name.strip() and name.isprintable()):
            raise UsageError(f"{name!r} does not name a key; take a word such as laptop.")
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._file.edit() as values:
            if name in values:
                raise UsageError(f"There is a key named {name!r} already; revoke it first.")
            key = ApiKey.of(name, secret)
            values[name] = {"created": key.created, "salt": key.salt, "hash": key.hash}
        return secret

    def revoke(self, name: str) -> None:
        """UsageError when there is no such key. A running server refuses it from now on."""
        with self._file.edit() as values:
            if name not in values:
                known = ", ".join(values) or "none"
                raise UsageError(f"There is no key named {name!r}; there are: {known}.")
            del values[name]

    def keys(self) -> list[ApiKey]:
        return [self._key(name, value) for name, value in self._file.read().items()]

    def version(self) -> int:
        """Changes with every change of the keys."""
        try:
            return self._file.path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _key(self, name: str, value: Any) -> ApiKey:
        try:
            return ApiKey(name, str(value["created"]), str(value["salt"]), str(value["hash"]))
        except (KeyError, TypeError):
            raise ConfigurationError(
                f"{self._file.path}: the key {name!r} is broken; delete it there, make a new one."
            ) from None


class Keys:
    """The keys a running server accepts: those it was started with, and the store's.

    `parent_key` is accepted, and nobody else needs a key because of it.
    """

    def __init__(
        self, given: Iterable[str], store: KeyStore, parent_key: str | None = None
    ) -> None:
        self._parent = [] if parent_key is None else [ApiKey.of("--parent-key", parent_key)]
        self._given = [ApiKey.of(f"--api-key {i}", key) for i, key in enumerate(given, start=1)]
        self._store = store
        self._version = store.version()
        self._stored = store.keys()
        self._required = bool(self._given or self._stored)

    @property
    def required(self) -> bool:
        """Once there was a key, one is needed: revoking the last does not open the server."""
        self._refresh()
        return self._required

    def accepts(self, secret: str) -> bool:
        self._refresh()
        # Every key is compared: how long it takes says nothing about which one came close.
        matches = [key.matches(secret) for key in [*self._parent, *self._given, *self._stored]]
        return any(matches)

    def _refresh(self) -> None:
        version = self._store.version()
        if version != self._version:
            self._stored, self._version = self._store.keys(), version
            self._required = self._required or bool(self._stored)


def _hash(salt: str, secret: str) -> str:
    # A header may hold any byte; half a surrogate pair must not end in an exception.
    return hashlib.sha256((salt + secret).encode("utf-8", "surrogatepass")).hexdigest()
