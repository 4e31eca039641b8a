"""API keys: named, stored as salted hashes, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ConfigurationError, UsageError
from ...quoting import quoted
from ...settings.state import StateFile
from ..core.caller import SCOPES, Caller, Scope
from .key_use import KeyUse, now

PREFIX = "sk-qwen3mlx-"
# The scope of keys created before there were scopes, and of --api-key.
_UNSCOPED: Scope = "models"

logger = logging.getLogger(__name__)


class ApiKey(NamedTuple):
    """The stored form of a key. Times are RFC 3339 in UTC.

    One round of SHA-256 is enough: a key has 256 random bits, which cannot be guessed. The salt is
    its identity: a key created later under the same name is a different one. `is_own` keys are held
    by the person's own programs, and stored nowhere as keys.
    """

    name: str
    scope: Scope
    created: str
    salt: str
    hash: str
    last_used: str | None = None
    is_own: bool = False

    @classmethod
    def of(cls, name: str, secret: str, scope: Scope = _UNSCOPED) -> ApiKey:
        salt = secrets.token_hex(16)
        return cls(name, scope, now(), salt, _hash(salt, secret))

    def matches(self, secret: str) -> bool:
        return hmac.compare_digest(_hash(self.salt, secret), self.hash)

    @property
    def caller(self) -> Caller:
        return Caller(self.scope, self.salt, self.name, self.is_own)


class KeyStore:
    """The keys in the state folder. Raises ConfigurationError if their file is broken."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("api-keys.json", home)
        self.use = KeyUse(home)

    def create(self, name: str, scope: Scope = "inference") -> str:
        """A new key, shown only once. UsageError if the name is taken or invalid."""
        if not (name.strip() and name.isprintable() and len(name) <= 100):
            raise UsageError(f"{quoted(name)} is not a valid key name; use a word such as laptop.")
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._file.edit() as values:
            if name in values:
                raise UsageError(f"A key named {quoted(name)} already exists; revoke it first.")
            key = ApiKey.of(name, secret, scope)
            values[name] = {
                "scope": scope,
                "created": key.created,
                "salt": key.salt,
                "hash": key.hash,
            }
        return secret

    def revoke(self, name: str) -> None:
        """Make running servers refuse the key from now on. UsageError if there is no such key."""
        with self._file.edit() as values:
            if name not in values:
                known = ", ".join(values) or "none"
                raise UsageError(f"There is no key named {quoted(name)}; existing keys: {known}.")
            del values[name]

    def keys(self) -> list[ApiKey]:
        used = self.use.read()
        return [self._key(name, value, used) for name, value in self._file.read().items()]

    def unscoped(self) -> list[str]:
        """Names of the keys that were created before there were scopes."""
        values = self._file.read().items()
        return [name for name, value in values if isinstance(value, dict) and "scope" not in value]

    def version(self) -> int:
        """Changes whenever the keys change."""
        try:
            return self._file.path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _key(self, name: str, value: Any, used: dict[str, Any]) -> ApiKey:
        try:
            created, salt, digest = map(_text, (value["created"], value["salt"], value["hash"]))
            bytes.fromhex(digest)
            scope = SCOPES[SCOPES.index(value.get("scope", _UNSCOPED))]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ConfigurationError(
                f"{self._file.path}: the entry of key {quoted(name)} is broken; delete it and "
                "create a new key."
            ) from None
        return ApiKey(name, scope, created, salt, digest, used.get(salt))


class Keys:
    """The keys a running server accepts: the ones it was started with, and the store's.

    `parent_key`, of the program that started it, and the secrets passed to `trust` may do
    everything. They do not make the server require keys from others.
    """

    def __init__(
        self, given: Iterable[str], store: KeyStore, parent_key: str | None = None
    ) -> None:
        self._trusted = [] if parent_key is None else [_trusted("the window", parent_key)]
        self._given = [ApiKey.of(f"--api-key {i}", key) for i, key in enumerate(given, start=1)]
        self._store = store
        self._version = store.version()
        self._stored = store.keys()
        self._required = bool(self._given or self._stored)

    def trust(self, name: str, secret: str) -> None:
        """Let `secret` do everything from now on."""
        self._trusted.append(_trusted(name, secret))

    @property
    def required(self) -> bool:
        """Once there was a key, one is required: revoking the last does not open the server."""
        self._refresh()
        return self._required

    @property
    def exist(self) -> bool:
        """Whether there are any keys: False after the last one was revoked."""
        return bool(self._given or self._stored)

    def find(self, secret: str) -> ApiKey | None:
        """The key with this secret, which is recorded as used."""
        self._refresh()
        # Every key is compared, so that the time reveals nothing about them.
        keys = [*self._trusted, *self._given, *self._stored]
        matching = [key for key in keys if key.matches(secret)]
        if not matching:
            return None
        self._store.use.note(matching[0].salt)
        return matching[0]

    def stored(self) -> list[ApiKey]:
        """The keys in the state folder, read from their file."""
        return self._store.keys()

    def save_use(self) -> None:
        """Save when the stored keys were last used."""
        self._store.use.save({key.salt for key in self._stored})

    def _refresh(self) -> None:
        """If the file can no longer be read, the known keys stay valid."""
        try:
            version = self._store.version()
            if version != self._version:
                self._stored, self._version = self._store.keys(), version
        except (OSError, ConfigurationError) as error:
            logger.error("Cannot read the API keys; the known ones stay valid: %s", error)
        self._required = self._required or bool(self._stored)


def warn_of_unscoped(store: KeyStore) -> None:
    """Log which keys were created before there were scopes."""
    if names := store.unscoped():
        logger.warning(
            "These keys were created before keys had scopes, and now have the scope models: %s. "
            "To manage keys, folders or settings, create a key with `qwen3mlx keys create NAME "
            "--scope admin`.",
            ", ".join(map(quoted, names)),
        )


def _trusted(name: str, secret: str) -> ApiKey:
    return ApiKey.of(name, secret, "admin")._replace(is_own=True)


def _text(value: Any) -> str:
    """Raises TypeError for anything but a string."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _hash(salt: str, secret: str) -> str:
    # A header may contain any byte; lone surrogates must not raise an exception.
    return hashlib.sha256((salt + secret).encode("utf-8", "surrogatepass")).hexdigest()
