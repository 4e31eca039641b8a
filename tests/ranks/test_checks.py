"""Computers that cannot take part are named before anything is loaded, and nothing is left.

SSH is a script that runs the command here; some of the computers are scripts as well.
"""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.plan import StepPlan
from qwen3mlx.errors import (
    MemoryBudgetError,
    ModelNotFoundError,
    Qwen3MLXError,
    UnavailableError,
    UsageError,
)
from qwen3mlx.ranks import group, link
from qwen3mlx.ranks.fingerprint import fingerprint, versions
from qwen3mlx.ranks.group import Group
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts, Parallel
from qwen3mlx.ranks.link import Link
from qwen3mlx.ranks.rank import _found
from qwen3mlx.ranks.wire import ALIVE, packed
from tests.support.places import ROOT

from .support import PATIENCE, program, script

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


def replying(tmp_path: Path, folder: Path, **replies: Any) -> Host:
    """A computer that says it runs, what it has, and these replies to other commands."""
    facts = {"version": versions(), "checkpoint": fingerprint(folder), "limit": 10**12}
    known = {"alive": ALIVE, "check": {"facts": facts | {"ports": [9]}}} | replies
    cases = "".join(
        f"'{{{json.dumps(asked)}:'*) echo '{json.dumps(said)}';;" for asked, said in known.items()
    )
    text = f'while read -r line; do case "$line" in {cases} esac; done'
    command = script(tmp_path / "replying", f"#!/bin/sh\n{text}\n")
    return Host("far.local", ("10.0.0.2",), command=command)


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
        "refused.local: ssh: connect to host refused.local port 22: Connection refused "
        "(`ssh refused.local true` must work without a question)."
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
        ("echo no such program >&2; exit 127", "no such program (the hosts file may name the pro"),
        ("echo '[1]'; exit 0", "it says '[1]': its shell must print nothing"),
        ("echo Welcome!; cat > /dev/null", "it says 'Welcome!': its shell must print nothing"),
        ("sleep 60 >&2 & echo closed >&2; exit 255", "closed (`ssh odd.local true` must work"),
    ],
)
def test_what_is_no_rank(text: str, fault: str, demo: Path, tmp_path: Path) -> None:
    command = script(tmp_path / "odd", f"#!/bin/sh\n{text}\n")
    assert fault in refusal(demo, Host("odd.local", ("10.0.0.2",), command=command), HERE)


def test_who_falls_silent_is_not_waited_for(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SILENCE", 0.1)
    alive = json.dumps(ALIVE)
    command = script(tmp_path / "silent", f"#!/bin/sh\necho '{alive}'\ncat > /dev/null\n")
    silent = Host("silent.local", ("10.0.0.2",), command=command)
    others = silent._replace(ssh="other.local", ips=("10.0.0.3",))
    assert refusal(demo, silent, others) == (
        "silent.local: it does not answer; other.local: it does not answer."
    )


def test_one_computer_has_one_rank_of_one_group(demo: Path, tmp_path: Path) -> None:
    """Under two names, and in another order."""
    first, second = (Host(f"{n}.local", (LOCAL,), command=program(tmp_path)) for n in "ab")
    told = refusal(demo, first, second._replace(ips=("127.0.0.2",)))
    assert "a group that serves this model is running there already, or this computer is" in told


def test_who_cannot_connect_is_named(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not the one that waits for the connection."""
    monkeypatch.setattr(group, "FAULT_PATIENCE", 0.1)
    error = packed(UnavailableError("it cannot connect to 127.0.0.1:9"))
    far = replying(tmp_path, demo, load=error)
    assert refusal(demo, HERE, far) == (
        "far.local cannot load its part: it cannot connect to 127.0.0.1:9."
    )


def test_ranks_that_run_and_do_not_answer(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network between them has failed, and nothing else."""
    monkeypatch.setattr(group, "STEP_PATIENCE", 0.1)
    held = {"nbytes": 1, "bytes_per_token": 1, "num_layers": 1, "max_chunk": 1}
    far = replying(tmp_path, demo, load={"loaded": held})
    hosts = Hosts((far, far._replace(ssh="too.local", ips=("10.0.0.3",))))
    one = Group(hosts, "demo", demo)
    one.load(LoadOptions(), lambda done, total: None)
    with pytest.raises(UnavailableError, match=r"far.local does not answer: send the request agai"):
        one.ask("run", packed(StepPlan()))
    assert not one.process_ids


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
    deaf = Link(0, Host("deaf.local", ("10.0.0.2",), command=command), queue.SimpleQueue())
    deaf.send(b"x" * (1 << 22))
    deaf.close(now=True)
    assert deaf.is_lost


def test_a_rank_ends_when_its_server_is_silent() -> None:
    """Where a network fails, the input of a rank does not end."""
    text = "from qwen3mlx.ranks import rank; rank.SILENCE = 0.1; rank.main()"
    with subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, stdin=subprocess.PIPE) as process:
        assert process.wait(PATIENCE) == 0


def test_a_server_says_that_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "BEAT", 0.01)
    heard = tmp_path / "heard"
    command = script(tmp_path / "ear", f'#!/bin/sh\nread line\necho "$line" > {heard}\n')
    one = Link(0, Host("ear.local", ("10.0.0.2",), command=command), queue.SimpleQueue())
    one.process.wait(PATIENCE)
    one.close()
    assert json.loads(heard.read_text()) == ALIVE


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
    one = Group(Hosts((HERE, there), "tensor"), "demo", demo)
    held = one.load(LoadOptions(), lambda done, total: None)
    assert 0 < held.nbytes < held.limit
    one.close()
    assert children() <= before
