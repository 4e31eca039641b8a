"""What ranks tell MLX about each other is what `mlx.launch` tells it."""

from __future__ import annotations

import argparse
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx._distributed_utils import launch
from mlx._distributed_utils.common import Host as MlxHost
from mlx._distributed_utils.common import Hostfile

from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import UnavailableError
from qwen3mlx.ranks import rank
from qwen3mlx.ranks.group import Group
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts, read_hosts
from qwen3mlx.ranks.link import Link
from qwen3mlx.ranks.network import Network, check_backend, free_ports, join, use_variables

from .support import script
from .test_hosts import cabled

PORT = 32_400


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("MLX_")]:
        monkeypatch.delenv(name)
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]


def written(content: dict[str, Any]) -> Hostfile:
    hosts = [MlxHost(i, h["ssh"], h["ips"], h["rdma"]) for i, h in enumerate(content["hosts"])]
    return Hostfile(hosts, content["backend"], content["envs"])


def launched(hosts: Hostfile, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each rank gets from `mlx.launch`: variables, and files with the name in a variable."""
    calls: list[Any] = []
    monkeypatch.setattr(
        launch, "_launch_with_io", lambda kind, calls_, verbose: calls.extend(calls_)
    )
    args = argparse.Namespace(
        backend=hosts.backend,
        env=list(hosts.envs),
        cwd=None,
        starting_port=PORT,
        connections_per_ip=1,
        verbose=False,
        python="python",
    )
    start = launch.launch_ring if hosts.backend == "ring" else launch.launch_jaccl
    start(argparse.ArgumentParser(), hosts.hosts, args, ["program"])
    found = []
    for (place, _, _, _, files, envs, _), _ in calls:
        variables = dict(each.split("=", 1) for each in envs)
        contents = {name: json.loads(text) for name, text in files.items()}
        found.append(variables | contents | {"MLX_RANK": str(place)})
    return found


def joined(file: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What MLX finds in each of our ranks."""
    found: list[dict[str, Any]] = []

    def init(*, strict: bool, backend: str) -> None:
        assert strict
        seen: dict[str, Any] = {n: v for n, v in os.environ.items() if n.startswith("MLX_")}
        for name in {"MLX_HOSTFILE", "MLX_IBV_DEVICES"} & seen.keys():
            seen[name] = json.loads(Path(seen[name]).read_text())
        assert backend == ("ring" if "MLX_HOSTFILE" in seen else "jaccl")
        found.append(seen)

    monkeypatch.setattr(mx.distributed, "init", init)
    hosts = read_hosts(file)
    ports = iter(range(PORT, PORT + 99))
    addresses = [[f"{ip}:{next(ports)}" for ip in host.ips] for host in hosts.hosts]
    for place in range(len(hosts.hosts)):
        use_variables(hosts.envs)
        network = Network(hosts.backend, addresses, [host.rdma for host in hosts.hosts])
        join(place, Network(*json.loads(json.dumps(network))))
    return found


RING = {
    "backend": "ring",
    "envs": ["MLX_X=1"],
    "hosts": [{"ssh": f"{n}", "ips": [f"10.0.0.{n}", f"10.0.1.{n}"], "rdma": []} for n in range(3)],
}


@pytest.mark.parametrize("content", [RING, cabled("jaccl"), cabled("jaccl-ring", cut=(0, 2))])
def test_it_is_what_mlx_launch_says(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "macs.json"
    file.write_text(json.dumps(written(content).to_json()))
    expected = launched(written(content), monkeypatch)
    assert joined(file, monkeypatch) == expected
    assert len(expected) == len(content["hosts"])


def test_a_computer_without_rdma_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_backend("ring", [])
    with pytest.raises(UnavailableError, match="it has no RDMA over Thunderbolt"):
        check_backend("jaccl", [None, "rdma_en2"])
    monkeypatch.setattr(mx.distributed, "is_available", lambda backend: backend == "jaccl")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    check_backend("jaccl", [None, "rdma_en2"])  # nothing lists them
    listing = "    device          \t   node GUID\n    ------          \t-----------\n"
    for devices, fault in (
        (["rdma_en2", "rdma_en5"], None),
        (["rdma_en3"], "it has no RDMA device rdma_en2, rdma_en5, only rdma_en3: "),
        ([], "rdma_en2, rdma_en5, only none: "),
    ):
        rows = "".join(f"    {name}        \t9016a\n" for name in devices)
        script(tmp_path / "bin" / "ibv_devices", f"#!/bin/sh\ncat <<'E'\n{listing}{rows}E\n")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
        wanted = [None, ("rdma_en2", "rdma_en5"), "rdma_en5"]
        if fault is None:
            check_backend("jaccl", wanted)
        else:
            with pytest.raises(UnavailableError, match=fault):
                check_backend("jaccl", wanted)


def test_ports() -> None:
    assert free_ports([], 0) == []
    assert len(set(free_ports([LOCAL] * 4, 0))) == 4
    (first,) = free_ports([LOCAL], 0)
    assert free_ports([LOCAL], first) == [first]
    with pytest.raises(UnavailableError, match=r"port 65536 of 127\.0\.0\.1 does not exist"):
        free_ports([LOCAL] * 2, 65_535)


def test_several_connections_between_two(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over two cables."""
    told: list[dict[str, Any]] = []
    send = Link.send

    def listen(link: Link, data: bytes) -> None:
        told.append(json.loads(data))
        send(link, data)

    monkeypatch.setattr(Link, "send", listen)
    group = Group(Hosts((Host(LOCAL, (LOCAL,) * 2),) * 2), "demo", demo)
    try:
        assert group.load(LoadOptions(), lambda done, total: None).nbytes > 0
    finally:
        group.close()
    networks = [message["load"]["network"] for message in told if "load" in message]
    [(backend, addresses, _)] = {json.dumps(one): one for one in networks}.values()
    assert (len(networks), backend) == (2, "ring")
    assert [len(set(each)) for each in addresses] == [2, 2]


def test_variables_are_set_before_mlx_reads_any(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    monkeypatch.setattr(
        rank, "check_backend", lambda *asked: seen.append(os.environ.get("MLX_METAL_FAST_SYNCH"))
    )
    values = {
        "names": [str(demo)],
        "locks": True,
        "lock_folder": str(tmp_path),
        "ips": [],
        "port": 0,
        "backend": "jaccl",
        "rdma": [None, "rdma_en2"],
        "envs": ["MLX_METAL_FAST_SYNCH=1"],
    }
    monkeypatch.setattr(rank, "_live", lambda member: None)
    member = rank._Rank(io.BytesIO())
    try:
        member.on_check(values)
    finally:
        os.close(member._locked)
    assert seen == ["1"]


def test_what_is_asked_of_a_computer_is_in_the_file(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []

    def listen(link: Link, data: bytes) -> None:
        told.append(json.loads(data)["check"])
        link.close(now=True)

    monkeypatch.setattr(Link, "send", listen)
    devices = ((None, "rdma_en2"), (("rdma_en3", "rdma_en4"), None))
    hosts = tuple(Host(LOCAL, (LOCAL,), rdma=rdma) for rdma in devices)
    wanted = Hosts(hosts, backend="jaccl", envs=("MLX_METAL_FAST_SYNCH=1",))
    with pytest.raises(UnavailableError):
        Group(wanted, "demo", demo).survey()
    assert [check["ips"] for check in told] == [[LOCAL], []]  # they meet at the first
    assert [check["rdma"] for check in told] == json.loads(json.dumps(devices))
    assert {check["backend"] for check in told} == {"jaccl"}
    assert all(check["envs"] == ["MLX_METAL_FAST_SYNCH=1"] for check in told)


def test_jaccl_where_there_is_none(demo: Path) -> None:
    hosts = tuple(
        Host(LOCAL, (LOCAL,), rdma=rdma) for rdma in ((None, "rdma_en2"), ("rdma_en2", None))
    )
    with pytest.raises(UnavailableError) as caught:
        Group(Hosts(hosts, backend="jaccl"), "demo", demo).load(
            LoadOptions(), lambda done, total: None
        )
    assert str(caught.value).count("it has no RDMA over Thunderbolt") == 2
