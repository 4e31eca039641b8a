"""The file that names the computers of a group."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.errors import UsageError
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts, read_hosts

ONE = {"ssh": "mac-1.local", "ips": ["10.0.0.1"]}
TWO = {"ssh": "mac-2.local", "ips": ["10.0.0.2"], "port": 5000, "command": "/opt/bin/qwen3mlx"}


def read(tmp_path: Path, content: Any) -> Hosts:
    file = tmp_path / "macs.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_hosts(file)


def cabled(
    backend: Any, *, cut: tuple[int, int] | None = None, itself: str | None = None
) -> dict[str, Any]:
    """What `mlx.distributed_config` writes for four Macs, in which one cable may be missing."""
    hosts = [
        {
            "ssh": f"mac-{rank}.local",
            "ips": [f"10.0.0.{rank}"],
            "rdma": [
                itself if peer == rank else None if cut == (rank, peer) else f"rdma_en{peer}"
                for peer in range(4)
            ],
        }
        for rank in range(4)
    ]
    return {"backend": backend, "envs": ["MLX_METAL_FAST_SYNCH=1"], "hosts": hosts}


def test_both_forms_of_mlx(tmp_path: Path) -> None:
    hosts = (
        Host("mac-1.local", ("10.0.0.1",)),
        Host("mac-2.local", ("10.0.0.2",), 5000, "/opt/bin/qwen3mlx"),
    )
    assert read(tmp_path, [ONE, TWO]) == Hosts(hosts, "tensor")
    assert read(tmp_path, {"hosts": [ONE, TWO], "parallel": "pipeline"}) == Hosts(hosts, "pipeline")


def test_files_that_mlx_writes(tmp_path: Path) -> None:
    """For a ring of two cables between neighbours, and for JACCL."""
    ring = {
        "backend": "ring",
        "envs": [],
        "hosts": [
            {"ssh": f"mac-{n}.local", "ips": [f"10.0.0.{n}", f"10.0.1.{n}"], "rdma": []}
            for n in (1, 2)
        ],
    }
    assert [host.ips for host in read(tmp_path, ring).hosts] == [
        ("10.0.0.1", "10.0.1.1"),
        ("10.0.0.2", "10.0.1.2"),
    ]
    hosts = read(tmp_path, cabled("jaccl"))
    assert hosts.backend == "jaccl"
    assert hosts.envs == ("MLX_METAL_FAST_SYNCH=1",)
    assert hosts.hosts[1].rdma == ("rdma_en0", None, "rdma_en2", "rdma_en3")
    far = cabled("jaccl-ring", cut=(0, 2))
    far["hosts"][1]["rdma"][2] = ["rdma_en2", "rdma_en7"]
    del far["hosts"][1]["ips"]  # only the first is connected to
    hosts = read(tmp_path, far)
    assert hosts.hosts[1].rdma[2] == ("rdma_en2", "rdma_en7")


def test_this_computer_may_have_several_ranks(tmp_path: Path) -> None:
    assert read(tmp_path, [{"ssh": LOCAL}] * 2).hosts == (Host(LOCAL, (LOCAL,)),) * 2


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is not JSON"),
        ("[" * 2000, "is not JSON"),
        ("3", 'it must be {"hosts"'),
        ({"hosts": 3}, 'it must be {"hosts"'),
        ([ONE], "it has 1 hosts; a group has 2 to 64"),
        ([ONE] * 65, "it has 65 hosts"),
        ([ONE, 3], "host 2 is 3"),
        ([ONE, ONE], "'mac-1.local' is named twice"),
        ([ONE, {**TWO, "ips": ["10.0.0.1"]}], "'mac-2.local' is named twice"),
        ([{"ssh": LOCAL, "port": 5000}] * 2, "is named twice"),
        ([ONE, {"ips": ["10.0.0.2"]}], "host 2 has ssh null"),
        ([ONE, {**TWO, "ssh": "-oProxyCommand=x"}], "must be a name for SSH"),
        ([ONE, {**TWO, "ssh": "a\nb"}], "must be a name for SSH"),
        ([ONE, {"ssh": "mac-2.local"}], "host 2 has ips null"),
        ([ONE, {**TWO, "ips": ["::1"]}], "must be a list of IPv4 addresses"),
        ([ONE, {**TWO, "ips": ["mac-2.local"]}], "must be a list of IPv4 addresses"),
        ([ONE, {**TWO, "ips": [1]}], "must be a list of IPv4 addresses"),
        ([ONE, {**TWO, "port": 70000}], "host 2 has port 70000"),
        ([ONE, {**TWO, "port": True}], "host 2 has port true"),
        ([ONE, {**TWO, "command": ""}], "host 2 has command ''"),
        ([ONE, {**TWO, "user": "me"}], "'user', which is not supported"),
        ([ONE, {**TWO, "ips": ["10.0.0.2", "10.0.1.2"]}], "'mac-2.local' has 2 ips, and"),
        ([ONE, {**TWO, "ips": ["10.0.0.2"] * 17}], "host 2 has 17 ips; it may have 16"),
        ([ONE, {**TWO, "rdma": "rdma_en2"}], "host 2 has rdma 'rdma_en2'; it must be a list"),
        ([ONE, {**TWO, "rdma": ["../x", None]}], "host 2 has rdma"),
        ([ONE, {**TWO, "rdma": [[], None]}], "host 2 has rdma"),
        ([ONE, {**TWO, "rdma": [[["rdma_en2"]], None]}], "host 2 has rdma"),
        (cabled("mpi"), 'backend is \'mpi\'; it must be "ring", "jaccl" or "jaccl-ring"'),
        (cabled(["ring"]), 'backend is ["ring"]'),
        (cabled("jaccl", cut=(0, 2)), "'mac-0.local' has no RDMA device for 'mac-2.local'"),
        (cabled("jaccl-ring", cut=(3, 0)), "'mac-3.local' has no RDMA device for 'mac-0.local'"),
        ({**cabled("jaccl"), "hosts": [ONE, TWO]}, "'mac-1.local' has 0 entries in rdma"),
        (cabled("jaccl", itself="rdma_en9"), "with null for itself"),
        ({"hosts": [ONE, TWO], "envs": "MLX_X=1"}, "envs has 'MLX_X=1'; it must be a list"),
        ({"hosts": [ONE, TWO], "envs": ["PATH=/tmp"]}, "envs has 'PATH=/tmp'"),
        ({"hosts": [ONE, TWO], "envs": ["MLX_X=a\nb"]}, "envs has"),
        ({"hosts": [ONE, TWO], "envs": ["MLX_RANK=3"]}, "envs has MLX_RANK, which follows"),
        ({"hosts": [ONE, TWO], "envs": [7]}, "envs has 7"),
        ({"hosts": [ONE, TWO], "parallel": "data"}, "parallel is 'data'"),
    ],
)
def test_faults_are_named(tmp_path: Path, content: Any, fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, content)
    assert fault in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "macs.json"))
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_hosts(tmp_path / "none.json")
