"""The file that names the computers of a group.

Its form is that of `mlx.launch` and `mlx.distributed_config`: a list of hosts with `ssh` and `ips`,
or an object with such a list as `hosts`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..config.json_file import parse_json
from ..errors import CheckpointError, UsageError
from ..quoting import quoted, shortened
from ..settings.state import expanded

Parallel = Literal["tensor", "pipeline"]

LOCAL = "127.0.0.1"
_LARGEST_FILE = 1 << 20
_MOST_HOSTS = 64
_KEYS = ("ssh", "ips", "port", "command")


class Host(NamedTuple):
    """A computer that runs one rank.

    `ssh` is its name for SSH; LOCAL is this computer, without SSH. The next rank connects to `ip`,
    at `port` (0: a free one). `command` is what starts this program there.
    """

    ssh: str
    ip: str
    port: int = 0
    command: str = "qwen3mlx"

    @property
    def is_local(self) -> bool:
        return self.ssh == LOCAL


class Hosts(NamedTuple):
    """The ranks in their order, and what each of them computes."""

    hosts: tuple[Host, ...]
    parallel: Parallel = "tensor"


def read_hosts(path: str | Path) -> Hosts:
    """Read a hosts file. Raises UsageError, which names the entry and its fault."""
    file = expanded(path)
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise UsageError(f"{file} is too large for a list of hosts.")
        raw = parse_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, CheckpointError):
        raise UsageError(f"{file} is not JSON.") from None
    try:
        return _hosts(raw)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None


def _hosts(raw: Any) -> Hosts:
    if isinstance(raw, list):
        raw = {"hosts": raw}
    if not isinstance(raw, dict) or not isinstance(raw.get("hosts"), list):
        raise UsageError('it must be {"hosts": [{"ssh": "mac-1.local", "ips": ["10.0.0.1"]}]}.')
    _check_keys(raw, ("hosts", "parallel"), "the file")
    parallel = raw.get("parallel", "tensor")
    if parallel not in ("tensor", "pipeline"):
        raise UsageError(f'parallel is {quoted(parallel)}; it must be "tensor" or "pipeline".')
    if not 2 <= len(raw["hosts"]) <= _MOST_HOSTS:
        raise UsageError(f"it has {len(raw['hosts'])} hosts; a group has 2 to {_MOST_HOSTS}.")
    hosts = tuple(_host(entry, f"host {i}") for i, entry in enumerate(raw["hosts"], 1))
    _check_duplicates(hosts)
    return Hosts(hosts, parallel)


def _host(entry: Any, where: str) -> Host:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} is {quoted(entry)}; it must be an object.")
    _check_keys(entry, _KEYS, where)
    ssh, ips = entry.get("ssh"), entry.get("ips")
    # A name that begins with a dash would be an option of ssh.
    if not isinstance(ssh, str) or not ssh or ssh.startswith("-") or not ssh.isprintable():
        raise UsageError(f"{where} has ssh {quoted(ssh)}; it must be a name for SSH.")
    if ssh == LOCAL and ips is None:
        ips = [LOCAL]
    if not isinstance(ips, list) or not ips or not _is_address(ips[0]):
        raise UsageError(f"{where} has ips {quoted(ips)}; it must be a list of IPv4 addresses.")
    port, command = entry.get("port", 0), entry.get("command", "qwen3mlx")
    if type(port) is not int or not 0 <= port <= 65535:
        raise UsageError(f"{where} has port {quoted(port)}; it must be from 1 to 65535.")
    if not isinstance(command, str) or not command or not command.isprintable():
        raise UsageError(f"{where} has command {quoted(command)}; it must be a program there.")
    return Host(ssh, ips[0], port, command)


def _check_keys(entry: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in entry:
        if key not in known:
            raise UsageError(
                f"{where} has {quoted(shortened(str(key)))}, which is not supported; it may have "
                f"{', '.join(known)}."
            )


def _check_duplicates(hosts: tuple[Host, ...]) -> None:
    """Each computer runs one rank; this one may run several, for trials."""
    seen: set[object] = set()
    for host in hosts:
        keys: set[object] = {host.ssh, host.ip}
        if host.is_local:
            keys = {host.port} if host.port else set()
        if seen & keys:
            raise UsageError(f"{quoted(host.ssh)} is named twice; each host has one rank.")
        seen |= keys


def _is_address(value: Any) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return isinstance(value, str)
