"""The host with real servers, which misbehave in turn: every call ends, and no process is left."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from qwen3mlx.child_process import RUN_CHILD, own_command
from qwen3mlx.tools import connection as connection_module
from qwen3mlx.tools import supervisor
from qwen3mlx.tools.connection import Connection
from qwen3mlx.tools.host import Host
from qwen3mlx.tools.mcp_json import ServerConfig
from qwen3mlx.tools.outcome import Outcome
from qwen3mlx.tools.toolbox import Tool
from qwen3mlx.tools.transports import ToolServerError

from . import mini_server

MINI = str(Path(__file__).with_name("mini_server.py"))
PATIENCE = 30.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


def save(home: Path, **servers: Mapping[str, Any]) -> None:
    (home / "mcp.json").write_text(json.dumps({"mcpServers": servers}))


def mini(name: str = "mini", **more: Any) -> dict[str, Any]:
    return {"command": sys.executable, "args": [MINI, name], **more}


@pytest.fixture
def host(home: Path) -> Iterator[Host]:
    running = Host()
    yield running
    running.close()
    assert not supervised()


def supervised() -> list[str]:
    """Command lines of supervisors and servers that run."""
    lines = [" ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)]
    return [line for line in lines if MINI in line or supervisor.__name__ in line]


def tools(host: Host, *names: str) -> dict[str, Tool]:
    found = host.tools(names).result(PATIENCE)
    assert not found.faults
    return {f"{tool.server}.{tool.name}": tool for tool in found.tools}


def call(host: Host, tool: Tool, s: float = 10, **arguments: Any) -> Outcome:
    return host.call(tool, arguments, s, lambda *_: None).result(PATIENCE)


def test_a_server_starts_when_needed_and_every_call_has_an_outcome(home: Path, host: Host) -> None:
    save(home, mini=mini())
    assert [status.state for status in host.status()] == ["stopped"]
    assert {tool.server for tool in host.known(["mini", "absent", "builtin"])} == {"builtin"}
    assert not supervised()
    known = tools(host, "mini")
    assert len(host.known(["mini"])) == len(known)
    assert [status.state for status in host.status()] == ["running"]
    assert call(host, known["mini.echo"], text="hi")[:2] == ("ok", "hi")
    assert call(host, known["mini.fail"])[:2] == ("error", "mini: fail")
    assert "not today \\x1b[31m" in call(host, known["mini.refuse"]).text
    assert call(host, known["mini.nonsense"], s=0.2).status == "timeout"  # it cannot be read
    assert call(host, known["mini.garbage"])[:2] == ("ok", "mini: garbage")
    assert call(host, known["mini.flood"])[:2] == ("ok", "mini: flood")
    assert call(host, known["mini.hang"], s=0.1).status == "timeout"
    assert known["mini.broken"].fault
    assert "stdout: Debug: \\x1b[31mthinking" in host.log("mini")

    call(host, known["mini.change"])
    assert "mini.echo" not in tools(host, "mini")

    gone = call(host, known["mini.leave"])
    assert gone.status == "error"
    assert "The MCP server mini failed: it has ended" in gone.text
    assert call(host, tools(host, "mini")["mini.echo"], text="again").text == "again"


def test_an_odd_tool_and_an_odd_block_cost_themselves_alone(home: Path, host: Host) -> None:
    save(home, mini=mini(env={"ODD": "1"}))
    known = host.tools(["mini"]).result(PATIENCE).tools
    usable = {tool.name: tool for tool in known if tool.fault is None}
    assert {"echo", "bare", "null", "go"} <= set(usable)
    assert [tool.name for tool in known if tool.fault] == ["broken", "", "", "", "words", "string"]
    assert call(host, usable["bare"])[:2] == ("ok", "mini: bare")
    text = 'mini: odd\n{"type": "chart", "points": [1]}\n{"type": "text", "text": null}\nloose'
    assert call(host, usable["odd"])[:2] == ("ok", text)


def test_tools_that_are_too_many_are_left_out_with_a_word(home: Path, host: Host) -> None:
    full, spare = connection_module.MOST_TOOLS, len(mini_server.TOOLS)
    save(
        home,
        full=mini(env={"MANY": str(full - spare)}),
        many=mini(env={"MANY": str(full - spare + 1)}),
    )
    found = host.tools(["full", "many"]).result(PATIENCE)
    assert len(found.tools) == 2 * full
    (note,) = found.notes
    assert note.startswith(f"The MCP server many has more than {full} tools: the first {full} ")
    assert [status.note for status in host.status()] == [None, note]


def test_one_broken_server_costs_itself_alone(home: Path, host: Host) -> None:
    save(
        home,
        good=mini("good"),
        bad={"command": 5},
        missing={"command": "no-such-program"},
        exits=mini(env={"FAULT": "exit"}),
        unset=mini(env={"KEY": "${env:NO_SUCH_VARIABLE}"}),
        off=mini(disabled=True),
    )
    found = host.tools(["good", "bad", "missing", "exits", "unset", "off", "none"]).result(PATIENCE)
    assert {tool.server for tool in found.tools} == {"good"}
    told = "\n".join(found.faults)
    for part in (
        "has no server 'bad': line 1: bad.command must be",
        "missing failed: the command 'no-such-program' was not found",
        "exits failed: it has ended (no configuration)",
        "unset failed: the variable NO_SUCH_VARIABLE that it needs is not set",
        "off is disabled",
        "has no server 'none': it is not there",
    ):
        assert part in told


def test_a_changed_file_ends_what_it_no_longer_has(home: Path, host: Host) -> None:
    save(home, a=mini("a"), b=mini("b"))
    tools(host, "a", "b")
    assert len(supervised()) == 4
    save(home, a=mini("a"), b=mini("changed"))
    known = tools(host, "a")
    assert len(supervised()) == 2
    assert tools(host, "b")["b.echo"].description.startswith("changed")
    (home / "mcp.json").write_text('{"mcpServers": {')  # as while somebody edits it
    assert call(host, known["a.echo"], text="still").text == "still"


def test_a_server_sees_little_of_our_environment(
    home: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("PATH", f".::bin:{os.environ['PATH']}")
    code = (
        "import json, os, sys; print(json.dumps([dict(os.environ), os.getcwd()]), file=sys.stderr)"
    )
    save(home, it={"command": sys.executable, "args": ["-c", code], "env": {"GIVEN": "1"}})
    assert host.tools(["it"]).result(PATIENCE).faults
    line = next(each for each in host.log("it").splitlines() if "GIVEN" in each)
    environment, folder = json.loads(line[20:])
    allowed = {
        "HOME",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TERM",
        "USER",
        "LANG",
        "TMPDIR",
        "TZ",
        "LC_CTYPE",
    }
    assert set(environment) - allowed == {"GIVEN"}
    assert folder == "/"
    assert all(one.startswith("/") for one in environment["PATH"].split(":"))
    assert (home / "tool-logs" / "it.log").stat().st_mode & 0o077 == 0


def test_a_call_can_be_cancelled_and_calls_run_at_the_same_time(home: Path, host: Host) -> None:
    save(home, mini=mini())
    known = tools(host, "mini")
    waiting = host.call(known["mini.hang"], {}, 100, lambda *_: None)
    many = [host.call(known["mini.echo"], {"text": str(n)}, 20, lambda *_: None) for n in range(50)]
    assert [one.result(PATIENCE).text for one in many] == [str(n) for n in range(50)]
    waiting.cancel()
    with pytest.raises(CancelledError):
        waiting.result(PATIENCE)
    assert call(host, known["mini.echo"], text="alive").text == "alive"


def test_closing_ends_what_is_under_way(home: Path) -> None:
    save(home, mini=mini())
    host = Host()
    waiting = host.call(tools(host, "mini")["mini.hang"], {}, 100, lambda *_: None)
    host.close()
    assert waiting.result(PATIENCE).status == "error"
    assert not supervised()
    with pytest.raises(ToolServerError):
        host.tools(["mini"])


def test_starts_that_fail_are_ever_further_apart(home: Path) -> None:
    now = [0.0]

    async def starts() -> list[float]:
        """Try every second for a minute; return when it was started."""
        failing = Connection(ServerConfig("x", command="no-such-program"), clock=lambda: now[0])
        begun: list[float] = []
        for second in range(60):
            now[0] = second
            try:
                await failing.tools()
            except ToolServerError as error:
                if "will be started again" not in str(error):
                    begun.append(second)
        return begun

    assert asyncio.run(starts()) == [0, 1, 2, 4, 8, 16, 32]


def ended(pids: list[int], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(psutil.pid_exists(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_nothing_outlives_a_host_that_is_killed(home: Path) -> None:
    """The server ignores every request to end, and was started by a launcher."""
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(99)"
    launcher = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {stubborn!r}])"
    job = supervisor.Job([sys.executable, "-c", launcher], dict(os.environ), "/", str(home / "log"))
    code = "import subprocess as s, sys, time; s.Popen(sys.argv[1:], stdin=s.PIPE); time.sleep(99)"
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *own_command(), RUN_CHILD, supervisor.__name__],
        env={**os.environ, supervisor.VARIABLE: json.dumps(job._asdict())},
        start_new_session=True,
    )
    end = time.monotonic() + PATIENCE
    pids: list[int] = []
    while len(pids) < 3 and time.monotonic() < end:  # the supervisor, the launcher, the server
        pids = [child.pid for child in psutil.Process(parent.pid).children(recursive=True)]
        time.sleep(0.05)
    assert len(pids) == 3
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert ended(pids)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("while True: print('Welcome')", "it wrote what are not messages to stdout, and was ended"),
        ("import sys\nwhile True: sys.stdout.write('{' * 10**6)", "a message of more than 16 MB"),
    ],
)
def test_a_server_that_never_stops_writing_is_ended(home: Path, code: str, told: str) -> None:
    log = home / "log"
    job = supervisor.Job([sys.executable, "-c", code], {}, "/", str(log))
    done = subprocess.run(
        [*own_command(), RUN_CHILD, supervisor.__name__],
        env={**os.environ, supervisor.VARIABLE: json.dumps(job._asdict())},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert told in log.read_text()
    assert log.stat().st_size <= supervisor.LARGEST_LOG


TOOL_NAMES = (
    "echo",
    "wait",
    "hang",
    "leave",
    "fail",
    "refuse",
    "nonsense",
    "garbage",
    "flood",
    "change",
)


@pytest.mark.parametrize("seed", range(2))
def test_random_schedules(home: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run_schedule(home, seed, monkeypatch)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("start", range(10, 310, 30))
def test_300_random_schedules(home: Path, start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(start, start + 30):
        run_schedule(home, seed, monkeypatch)


def run_schedule(home: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of all kinds at once, some cancelled, servers restarted, and an end at any time."""
    monkeypatch.setattr(connection_module, "FIRST_WAIT", 0.05)
    chance = random.Random(seed)
    save(home, one=mini("one"), two=mini("two"))
    host = Host()
    try:
        running = calls_of(chance, host)
        if chance.random() < 0.7:
            for one in running:
                outcome(one)
    finally:
        host.close()
    assert {outcome(one) for one in running} <= {"ok", "error", "timeout", "cancelled"}
    assert not supervised()


def calls_of(chance: random.Random, host: Host) -> list[Future[Outcome]]:
    known = tools(host, "one", "two")
    running: list[Future[Outcome]] = []
    for _ in range(chance.randint(5, 50)):
        tool = known[f"{chance.choice(('one', 'two'))}.{chance.choice(TOOL_NAMES)}"]
        arguments = {"text": "x", "s": chance.random() / 10}
        running.append(host.call(tool, arguments, chance.choice((0.05, 0.3)), lambda *_: None))
        if chance.random() < 0.1:
            chance.choice(running).cancel()
        if chance.random() < 0.03:
            host.restart(chance.choice(("one", "two")))
    return running


def outcome(call: Future[Outcome]) -> str:
    try:
        return call.result(PATIENCE).status
    except CancelledError:
        return "cancelled"
