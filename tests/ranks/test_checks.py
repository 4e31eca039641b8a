"""Computers that cannot take part are named before anything is loaded, and nothing is left.

SSH is a script that runs the command here; some of the computers are scripts as well.
"""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import (
    MemoryBudgetError,
    ModelNotFoundError,
    Qwen3MLXError,
    UnavailableError,
    UsageError,
)
from qwen3mlx.ranks.fingerprint import fingerprint, versions
from qwen3mlx.ranks.group import Group
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts, Parallel
from qwen3mlx.ranks.link import Link
from qwen3mlx.ranks.rank import _found
from qwen3mlx.ranks.wire import packed

from .support import program, script

HERE = Host(LOCAL, (LOCAL,))


pytestmark = pytest.mark.usefixtures("ssh")


def impostor(tmp_path: Path, folder: Path, **other: Any) -> Host:
    """A computer that says what it has, and nothing more."""
    facts = {
        "version": versions(),
        "checkpoint": fingerprint(folder),
        "limit": 10**12,
        "ports": [9],
    }
    said = json.dumps({"facts": facts | other})
    command = script(tmp_path / "other", f"#!/bin/sh\nread line\necho '{said}'\ncat > /dev/null\n")
    return Host("other.local", ("10.0.0.2",), command=command)


def children() -> set[int]:
    """Those of other tests may be among them."""
    return {each.pid for each in psutil.Process().children(recursive=True)}


def refusal(folder: Path, *hosts: Host, parallel: Parallel = "tensor") -> str:
    before = children()
    with pytest.raises(Qwen3MLXError) as caught:
        Group(Hosts(hosts, parallel), "demo", folder).load(LoadOptions(), lambda done, total: None)
    assert isinstance(caught.value, UnavailableError | MemoryBudgetError | UsageError)
    assert children() <= before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_all_that_is_wrong_is_told_at_once(demo: Path, tmp_path: Path) -> None:
    refused = Host("refused.local", ("10.0.0.3",))
    other = impostor(tmp_path, demo, version="0.0.1 with MLX 0.1")
    assert refusal(demo, other, refused) == (
        f"other.local: it has version 0.0.1 with MLX 0.1, and this computer {versions()}; "
        "refused.local: ssh: connect to host refused.local port 22: Connection refused."
    )


def test_another_checkpoint(demo: Path, tmp_path: Path) -> None:
    other = impostor(tmp_path, demo, checkpoint="f" * 64)
    own = fingerprint(demo)[:12]
    assert f"its checkpoint is another one (ffffffffffff, here {own})" in refusal(demo, other, HERE)


@pytest.mark.parametrize("parallel", ["tensor", "pipeline"])
def test_too_little_memory(parallel: Parallel, demo: Path, tmp_path: Path) -> None:
    told = refusal(demo, impostor(tmp_path, demo, limit=1000), HERE, parallel=parallel)
    assert "has room for" in told
    assert "use more computers or fewer bits" in told


def test_more_ranks_than_heads(demo: Path, tmp_path: Path) -> None:
    others = [impostor(tmp_path, demo)._replace(ssh=f"{i}.local") for i in range(3)]
    assert "3 ranks cannot share this model's matrices" in refusal(demo, *others)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("exit 3", "its process ended (3)"),
        ("echo hello; echo no such program >&2; exit 127", "no such program"),
        ("echo '[1]'; exit 0", "its process ended (0)"),
    ],
)
def test_what_is_no_rank(text: str, fault: str, demo: Path, tmp_path: Path) -> None:
    command = script(tmp_path / "odd", f"#!/bin/sh\n{text}\n")
    assert fault in refusal(demo, Host("odd.local", ("10.0.0.2",), command=command), HERE)


def test_a_port_that_is_taken(demo: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOCAL, 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refusal(demo, HERE, Host(LOCAL, (LOCAL,), port))
    assert told == (
        f"rank 1 on this computer: port {port} of 127.0.0.1 cannot be used: Address already in use."
    )


def test_who_does_not_read_blocks_nobody(tmp_path: Path) -> None:
    command = script(tmp_path / "deaf", "#!/bin/sh\nexec sleep 60\n")
    link = Link(0, Host("deaf.local", ("10.0.0.2",), command=command), queue.SimpleQueue())
    link.send(b"x" * (1 << 22))
    link.close(now=True)
    assert link.is_lost


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(ModelNotFoundError, match="run `qwen3mlx pull other/model` there"):
        _found(["other/model", "/nowhere/model"])


def test_how_a_checkpoint_gets_there_is_said(demo: Path, tmp_path: Path) -> None:
    """The command is run as it is said; a script stands in for rsync, which need not be here."""
    folder = shutil.copytree(demo, tmp_path / "here" / "my model's")
    there = tmp_path / "there"
    said = json.dumps(packed(ModelNotFoundError("it does not have this: run that there")))
    command = script(tmp_path / "other", f"#!/bin/sh\nread line\necho '{said}'\ncat > /dev/null\n")
    told = refusal(folder, Host("other.local", ("10.0.0.2",), command=command), HERE)
    assert "other.local: it does not have this: run that there, or here `ssh other.local" in told
    script(tmp_path / "bin" / "ssh", f'#!/bin/sh\nshift\nexec sh -c "cd {there} && $*"\n')
    script(
        tmp_path / "bin" / "rsync",
        f'#!/bin/sh\n[ "$1" = -aL ] || exit 1\ncp -RL "$2." "{there}${{3#other.local:}}"\n',
    )
    there.mkdir()
    script(tmp_path / "bin" / "mkdir", f'#!/bin/sh\nexec /bin/mkdir -p "{there}$2"\n')
    subprocess.run(["sh", "-c", told.split("`")[1]], check=True)
    assert sorted(p.name for p in Path(f"{there}{folder}").iterdir()) == sorted(
        p.name for p in folder.iterdir()
    )


@pytest.mark.slow
def test_the_real_program_behind_ssh(demo: Path, tmp_path: Path) -> None:
    there = Host("mac-2.local", ("192.0.2.1",), command=program(tmp_path))
    assert "mac-2.local: port 0 of 192.0.2.1 cannot be used" in refusal(demo, HERE, there)
    there = there._replace(ips=(LOCAL,))
    before = children()
    group = Group(Hosts((HERE, there), "tensor"), "demo", demo)
    held = group.load(LoadOptions(), lambda done, total: None)
    assert 0 < held.nbytes < held.limit
    group.close()
    assert children() <= before
