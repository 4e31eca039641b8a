"""What a user sets for one run of the server."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..quoting import quoted
from .bounds import MAX_CONNECTIONS
from .origins import Origins

MEGABYTE = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Sizes in bytes, times in seconds; None leaves the choice to the engine.

    `port` 0 takes a free one. `api_keys` are accepted beside those in the key store. So is
    `parent_key`, that of the program which started the server; no other needs one because of it.
    `allowed_origins` are the web pages (`https://chat.example.com`) that may call, see `Origins`,
    `allowed_hosts` further names it is reached by. `max_running` requests are computed together,
    `max_waiting` more may queue. What was computed of one key's prompts is reused for the same key
    only, and with `share_prefixes` for all: they can tell then what others have asked. An idle
    model is unloaded after `ttl_s`; 0 keeps it for good. There are fewer than `max_connections`
    where the system does not let the process have as many.

    Raises UsageError.
    """

    host: str = "127.0.0.1"
    port: int = 1234
    model: str | None = None
    api_keys: tuple[str, ...] = ()
    parent_key: str | None = None
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    max_body_bytes: int = 32 * MEGABYTE
    max_connections: int = MAX_CONNECTIONS
    max_running: int | None = None
    max_waiting: int | None = None
    memory_limit: int | None = None
    prefix_cache_bytes: int | None = None
    share_prefixes: bool = False
    ttl_s: float = 60 * 60
    log_prompts: bool = False
    exit_with_parent: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError(f"Port {self.port} does not exist; choose one from 0 to 65535.")
        if not self.host:
            raise UsageError("The host is empty; 127.0.0.1 serves this computer only.")
        if not all(self.api_keys) or self.parent_key == "":
            raise UsageError("An API key is empty; leave it out to serve without one.")
        for name in ("max_body_bytes", "max_connections", "max_running", "memory_limit"):
            self._check_at_least(name, 1)
        for name in ("max_waiting", "prefix_cache_bytes", "ttl_s"):
            self._check_at_least(name, 0)
        Origins(self.allowed_origins)
        for host in self.allowed_hosts:
            _check_host(host)

    def _check_at_least(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value is not None and not value >= least:
            raise UsageError(f"{name} is {value}; it must be at least {least}.")

    @property
    def model_folders(self) -> list[Path]:
        """`model`, if that is the whole path of a folder."""
        return [Path(self.model)] if self.model and Path(self.model).is_absolute() else []

    @property
    def is_loopback(self) -> bool:
        """Only programs on this computer reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _check_host(host: str) -> None:
    if not re.fullmatch(r"[\w.-]+|\[?[0-9a-fA-F:]+\]?", host):
        raise UsageError(
            f"{quoted(host)} is not the name of a host; write it alone, without a port, as in "
            "mac.local."
        )
