"""The file that names the computers of a group.

Its form is that of `mlx.launch` and `mlx.distributed_config`: a list of hosts with `ssh`, `ips` and
`rdma`, or an object with such a list as `hosts`, beside `backend` and `envs`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ..config.json_file import parse_json
from ..errors import CheckpointError, UsageError
from ..quoting import quoted, shortened
from ..settings.state import expanded

Parallel = Literal["tensor", "pipeline"]
Backend = Literal["ring", "jaccl", "jaccl-ring"]
# One cable's RDMA device, those of several cables, or no cable.
Device = str | tuple[str, ...] | None

LOCAL = "127.0.0.1"
_LARGEST_FILE = 1 << 20
_MOST_HOSTS = 64
_MOST_CABLES = 16
_KEYS = ("ssh", "ips", "rdma", "port", "command")
_DEVICE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_VARIABLE = re.compile(r"(MLX_[A-Z0-9_]{1,64})=[ -~]{0,256}")
# What a rank is told by these is in the rest of the file.
_OWN_VARIABLES = re.compile(r"MLX_(RANK|WORLD_SIZE|HOSTFILE|IBV_DEVICES|JACCL_.*)")


class Host(NamedTuple):
    """A computer that runs one rank.

    `ssh` is its name for SSH; LOCAL is this computer, without SSH. The next rank connects to `ips`,
    once for each, at `port` and those that follow (0: free ones). `command` is what starts this
    program there. `rdma` has the device that leads to each rank, for JACCL.
    """

    ssh: str
    ips: tuple[str, ...]
    port: int = 0
    command: str = "qwen3mlx"
    rdma: tuple[Device, ...] = ()

    @property
    def is_local(self) -> bool:
        return self.ssh == LOCAL


class Hosts(NamedTuple):
    """The ranks in their order, what each of them computes, and how they exchange it.

    `envs` are variables for MLX, as `NAME=VALUE`.
    """

    hosts: tuple[Host, ...]
    parallel: Parallel = "tensor"
    backend: Backend = "ring"
    envs: tuple[str, ...] = ()


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
    _check_keys(raw, ("hosts", "parallel", "backend", "envs"), "the file")
    parallel, backend = raw.get("parallel", "tensor"), raw.get("backend", "ring")
    _check_choice(parallel, get_args(Parallel), "parallel")
    _check_choice(backend, get_args(Backend), "backend")
    if not 2 <= len(raw["hosts"]) <= _MOST_HOSTS:
        raise UsageError(f"it has {len(raw['hosts'])} hosts; a group has 2 to {_MOST_HOSTS}.")
    hosts = tuple(
        _host(entry, f"host {i}", has_address=backend == "ring" or i == 1)
        for i, entry in enumerate(raw["hosts"], 1)
    )
    _check_duplicates(hosts)
    _check_cables(hosts, backend)
    return Hosts(hosts, parallel, backend, tuple(_variables(raw.get("envs", []))))


def _host(entry: Any, where: str, *, has_address: bool) -> Host:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} is {quoted(entry)}; it must be an object.")
    _check_keys(entry, _KEYS, where)
    ssh, ips = entry.get("ssh"), entry.get("ips")
    # A name that begins with a dash would be an option of ssh.
    if not isinstance(ssh, str) or not ssh or ssh.startswith("-") or not ssh.isprintable():
        raise UsageError(f"{where} has ssh {quoted(ssh)}; it must be a name for SSH.")
    if ssh == LOCAL and ips is None:
        ips = [LOCAL]
    if not has_address and ips is None:
        ips = []
    if not isinstance(ips, list) or not all(map(_is_address, ips)) or (has_address and not ips):
        raise UsageError(f"{where} has ips {quoted(ips)}; it must be a list of IPv4 addresses.")
    if len(ips) > _MOST_CABLES:
        raise UsageError(f"{where} has {len(ips)} ips; it may have {_MOST_CABLES}.")
    port, command = entry.get("port", 0), entry.get("command", "qwen3mlx")
    if type(port) is not int or not 0 <= port <= 65535:
        raise UsageError(f"{where} has port {quoted(port)}; it must be from 1 to 65535.")
    if not isinstance(command, str) or not command or not command.isprintable():
        raise UsageError(f"{where} has command {quoted(command)}; it must be a program there.")
    return Host(ssh, tuple(ips), port, command, _devices(entry.get("rdma", []), where))


def _devices(rdma: Any, where: str) -> tuple[Device, ...]:
    devices = [
        tuple(each) if isinstance(each, list) else each
        for each in (rdma if isinstance(rdma, list) else [rdma])
    ]
    if not isinstance(rdma, list) or not all(map(_is_device, devices)):
        raise UsageError(
            f"{where} has rdma {shortened(quoted(rdma))}; it must be a list with a device, a "
            "list of devices, or null for each host."
        )
    return tuple(devices)


def _is_device(device: Any) -> bool:
    names = device if isinstance(device, tuple) else (device,)
    return device is None or (
        0 < len(names) <= _MOST_CABLES
        and all(isinstance(name, str) and _DEVICE.fullmatch(name) for name in names)
    )


def _variables(envs: Any) -> Iterator[str]:
    for each in envs if isinstance(envs, list) else [envs]:
        match = _VARIABLE.fullmatch(each) if isinstance(each, str) else None
        if not isinstance(envs, list) or match is None:
            raise UsageError(
                f"envs has {shortened(quoted(each))}; it must be a list of MLX's variables, "
                'such as "MLX_METAL_FAST_SYNCH=1".'
            )
        if _OWN_VARIABLES.fullmatch(match[1]):
            raise UsageError(f"envs has {match[1]}, which follows from the hosts: remove it.")
        yield each


def _check_choice(value: Any, choices: tuple[str, ...], name: str) -> None:
    if value not in choices:
        *others, last = (f'"{choice}"' for choice in choices)
        raise UsageError(f"{name} is {quoted(value)}; it must be {', '.join(others)} or {last}.")


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
        keys: set[object] = {host.ssh, *host.ips}
        if host.is_local:
            keys = {host.port} if host.port else set()
        if seen & keys:
            raise UsageError(f"{quoted(host.ssh)} is named twice; each host has one rank.")
        seen |= keys


def _check_cables(hosts: tuple[Host, ...], backend: Backend) -> None:
    """MLX's ring has as many connections between any two; JACCL needs a cable between those that
    exchange something: all, or the neighbours of a ring.
    """
    if backend == "ring":
        for host in hosts:
            if len(host.ips) != len(hosts[0].ips):
                raise UsageError(
                    f"{quoted(host.ssh)} has {len(host.ips)} ips, and {quoted(hosts[0].ssh)} "
                    f"{len(hosts[0].ips)}: each needs as many."
                )
        return
    size = len(hosts)
    for rank, host in enumerate(hosts):
        if len(host.rdma) != size or host.rdma[rank] is not None:
            raise UsageError(
                f"{quoted(host.ssh)} has {len(host.rdma)} entries in rdma; it must have {size}, "
                "one for each host, with null for itself."
            )
        peers = range(size) if backend == "jaccl" else ((rank - 1) % size, (rank + 1) % size)
        for peer in peers:
            if peer != rank and host.rdma[peer] is None:
                raise UsageError(
                    f"{quoted(host.ssh)} has no RDMA device for {quoted(hosts[peer].ssh)}: connect "
                    'them, or use the backend "ring".'
                )


def _is_address(value: Any) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return isinstance(value, str)
