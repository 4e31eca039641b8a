"""The user's settings for one run of the server."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InvalidRequestError, UsageError
from ..library.user_aliases import parse_aliases
from ..quoting import quoted
from ..settings.table import COMMAND_BUFFER_VARIABLES, SERVER
from .bounds import MAX_CONNECTIONS
from .origins import Origins

MEGABYTE = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The settings of `qwen3mlx.settings.table.SERVER`, by their names and in their units.

    None leaves the choice to the engine. `model` is loaded at the start. `parent_key` is that of
    the program which started the server: it is accepted beside `api_key` and the key store, and no
    other program needs a key because of it. With `port_fallback`, a free port is used where `port`
    is taken. There are fewer than `max_connections` where the system does not let the process have
    as many.

    Raises UsageError.
    """

    host: str = SERVER["host"].default
    port: int = SERVER["port"].default
    model: str | None = None
    hosts: str | None = SERVER["hosts"].default
    alias: tuple[str, ...] = SERVER["alias"].default
    source: str = SERVER["source"].default
    api_key: tuple[str, ...] = SERVER["api_key"].default
    parent_key: str | None = None
    allow_origin: tuple[str, ...] = SERVER["allow_origin"].default
    allow_host: tuple[str, ...] = SERVER["allow_host"].default
    adapter: tuple[str, ...] = SERVER["adapter"].default
    max_body_bytes: int = 32 * MEGABYTE
    max_connections: int = MAX_CONNECTIONS
    max_running: int = SERVER["max_running"].default
    max_waiting: int = SERVER["max_waiting"].default
    memory_limit: float | None = SERVER["memory_limit"].default
    prefix_cache: float | None = SERVER["prefix_cache"].default
    share_prefixes: bool = SERVER["share_prefixes"].default
    ttl: float = SERVER["ttl"].default
    command_buffer: int | None = SERVER["command_buffer"].default
    tools: bool = SERVER["tools"].default
    remote_tools: bool = SERVER["remote_tools"].default
    log_prompts: bool = SERVER["log_prompts"].default
    exit_with_parent: bool = False
    port_fallback: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> ServerSettings:
        """Build settings from JSON values by name; None is the default. Raises UsageError."""
        given: dict[str, Any] = {}
        for name, value in options.items():
            if value is not None:
                given[name] = tuple(value) if isinstance(value, list) else value
        return cls(**given)

    def __post_init__(self) -> None:
        if self.parent_key == "":
            raise UsageError("An API key is empty; leave it out to serve without one.")
        for name, setting in SERVER.items():
            value = getattr(self, name)
            if value is not None or setting.default is not None:
                try:
                    setting.check(value)
                except InvalidRequestError as error:
                    raise UsageError(str(error)) from None
        for name in ("max_body_bytes", "max_connections"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if self.hosts is not None and self.model is None:
            raise UsageError("--hosts needs --model: the computers share one model.")
        if self.hosts is not None and self.command_buffer is not None:
            names = " and ".join(COMMAND_BUFFER_VARIABLES)
            raise UsageError(f"--command-buffer stays here: set {names} on each of the --hosts.")
        parse_aliases(self.alias)
        Origins(self.allow_origin)
        for host in self.allow_host:
            _check_host(host)

    @property
    def model_folders(self) -> list[Path]:
        """`model`, if that is the whole path of a folder."""
        return [Path(self.model)] if self.model and Path(self.model).is_absolute() else []

    @property
    def aliases(self) -> dict[str, str]:
        """The models that the user has an own name for, by that name in lower case."""
        return parse_aliases(self.alias)

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
