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


def test_both_forms_of_mlx(tmp_path: Path) -> None:
    hosts = (
        Host("mac-1.local", "10.0.0.1"),
        Host("mac-2.local", "10.0.0.2", 5000, "/opt/bin/qwen3mlx"),
    )
    assert read(tmp_path, [ONE, TWO]) == Hosts(hosts, "tensor")
    assert read(tmp_path, {"hosts": [ONE, TWO], "parallel": "pipeline"}) == Hosts(hosts, "pipeline")


def test_this_computer_may_have_several_ranks(tmp_path: Path) -> None:
    assert read(tmp_path, [{"ssh": LOCAL}] * 2).hosts == (Host(LOCAL, LOCAL),) * 2


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
        ([ONE, {**TWO, "rdma": [None]}], "'rdma', which is not supported"),
        ({"hosts": [ONE, TWO], "backend": "jaccl"}, "'backend', which is not supported"),
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
