"""How the ranks of a group exchange numbers: MLX's ring over TCP, or JACCL's RDMA over Thunderbolt.

MLX reads both from the environment, as `mlx.launch` sets it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from ..errors import Qwen3MLXError, UnavailableError
from .hosts import Backend, Device

# What lists the RDMA devices of a computer, and the seconds that it may take.
_LISTING = "ibv_devices"
_PATIENCE = 10.0


class Network(NamedTuple):
    """`addresses` has those of each rank, as `IP:PORT`; `rdma` the devices to each, for JACCL."""

    backend: Backend
    addresses: Sequence[Sequence[str]]
    rdma: Sequence[Sequence[Device]]


def use_variables(envs: Iterable[str]) -> None:
    """Set MLX's variables, before MLX reads them."""
    for each in envs:
        name, _, value = each.partition("=")
        os.environ[name] = value


def check_backend(backend: Backend, rdma: Iterable[Device]) -> None:
    """Raises UnavailableError if this computer cannot exchange anything that way."""
    import mlx.core as mx

    if backend == "ring":
        return
    if not mx.distributed.is_available("jaccl"):
        raise UnavailableError(
            "it has no RDMA over Thunderbolt, which takes macOS 26.2, Thunderbolt 5 and "
            '`rdma_ctl enable` in recovery: use the backend "ring"'
        )
    names = {name for each in rdma for name in ((each,) if isinstance(each, str) else each or ())}
    present = _present_devices()
    missing = set() if present is None else names - present
    if missing:
        raise UnavailableError(
            f"it has no RDMA device {', '.join(sorted(missing))}, only "
            f"{', '.join(sorted(present or ())) or 'none'}: their names change with the cables, so "
            "run `mlx.distributed_config` again"
        )


def _present_devices() -> set[str] | None:
    """Return the names of the devices, which MLX takes on trust; None where nothing lists them."""
    try:
        done = subprocess.run(
            [_LISTING], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [row.split() for row in done.stdout.splitlines()]
    return {row[0] for row in rows if row and row[0] != "device" and row[0].strip("-")}


def free_ports(ips: Sequence[str], first: int) -> list[int]:
    """Return a port of each address: `first` and those that follow, or free ones for 0.

    Raises UnavailableError if one of them cannot be used.
    """
    ports = [first and first + i for i in range(len(ips))]
    with ExitStack() as stack:  # the next free one is another one
        return [
            _bound(stack.enter_context(socket.socket()), ip, port)
            for ip, port in zip(ips, ports, strict=True)
        ]


def _bound(probe: socket.socket, ip: str, port: int) -> int:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as MLX does
    try:
        probe.bind((ip, port))
        probe.listen(1)
    except OverflowError:
        raise UnavailableError(f"port {port} of {ip} does not exist: 65535 is the last") from None
    except OSError as error:
        raise UnavailableError(f"port {port} of {ip} cannot be used: {error.strerror}") from None
    return int(probe.getsockname()[1])


def join(rank: int, network: Network) -> Any:
    """Return MLX's group of all ranks. Raises Qwen3MLXError if it cannot be made."""
    import mlx.core as mx

    is_ring = network.backend == "ring"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(network.addresses if is_ring else network.rdma, file)
        file.flush()
        os.environ["MLX_RANK"] = str(rank)
        if is_ring:
            os.environ["MLX_HOSTFILE"] = file.name
        else:
            os.environ["MLX_IBV_DEVICES"] = file.name
            os.environ["MLX_JACCL_COORDINATOR"] = network.addresses[0][0]
        if network.backend == "jaccl-ring":
            os.environ["MLX_JACCL_RING"] = "1"
        try:
            return mx.distributed.init(strict=True, backend="ring" if is_ring else "jaccl")
        except RuntimeError as error:
            to = network.addresses[(rank + 1) % len(network.addresses) if is_ring else 0]
            raise Qwen3MLXError(
                f"it cannot connect to {' and '.join(to)}: check the cable, the address and the "
                f"firewall there ({error})"
            ) from None
