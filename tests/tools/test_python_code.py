"""Python code in a sandbox. Where the system has none, its command lines are compared."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from qwen3mlx.child_process import RUN_CHILD
from qwen3mlx.tools.builtin import python_code
from qwen3mlx.tools.builtin.made import ToolFault
from qwen3mlx.tools.builtin.python_code import run, sandboxed

HAS_SANDBOX = shutil.which("sandbox-exec" if sys.platform == "darwin" else "bwrap") is not None


@pytest.fixture
def unwalled(tmp_path: Path) -> str:
    """What takes the place of bubblewrap: it drops the walls, and runs the command."""
    script = tmp_path / "bwrap"
    script.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\nexec "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def test_without_a_sandbox_nothing_runs() -> None:
    for platform in ("linux", "darwin"):
        with pytest.raises(ToolFault, match="There is no sandbox here"):
            sandboxed(platform, Path("/w"), lambda _: None)
    with pytest.raises(ToolFault, match="no sandbox here"):
        run({"code": "print(1)"}, lambda _: None)


def test_the_walls_of_bubblewrap() -> None:
    command = sandboxed("linux", Path("/w"), lambda name: f"/usr/bin/{name}")
    assert command[:6] == [
        *("/usr/bin/bwrap", "--unshare-all", "--die-with-parent", "--new-session"),
        *("--cap-drop", "ALL"),
    ]
    walls = command[: command.index("--")]
    assert walls[-6:] == [*("--bind", "/w", "/w"), *("--chdir", "/w")] or walls[-5:] == [
        *("--bind", "/w", "/w", "--chdir", "/w")
    ]
    assert "--share-net" not in walls
    assert walls.count("--bind") == 1  # all else is for reading
    shared = [walls[n + 1] for n, part in enumerate(walls) if part == "--ro-bind-try"]
    assert not {"/", "/home", "/root", "/etc", os.path.expanduser("~")} & set(shared)
    assert command[-2:] == [RUN_CHILD, python_code.__name__]


def test_the_walls_of_sandbox_exec() -> None:
    command = sandboxed("darwin", Path("/w"), lambda name: f"/usr/bin/{name}")
    home = os.path.expanduser("~")
    assert command[:6] == ["/usr/bin/sandbox-exec", "-D", f"HOME={home}", "-D", "WORK=/w", "-p"]
    profile = command[6].splitlines()
    for rule in ("(deny network*)", "(deny mach-lookup)", "(deny file-write*)"):
        assert profile.index(rule) < profile.index(
            '(allow file-read* file-write* (subpath (param "WORK")))'
        )
    assert command[-2:] == [RUN_CHILD, python_code.__name__]


def test_code_prints_fails_and_is_bounded(unwalled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(code: str, seconds: float = 60) -> str:
        monkeypatch.setattr(sys, "platform", "linux")
        return run({"code": code}, lambda _: unwalled, seconds)

    assert told("print(6 * 7)\nopen('x', 'w').write('y')\nprint(open('x').read())") == "42\ny"
    assert told("") == "(The code printed nothing: print what you want to see.)"
    failed = told("def f():\n    return 1 / 0\nf()")
    assert failed.startswith('Traceback (most recent call last):\n  File "<code>", line 3')
    assert failed.endswith("ZeroDivisionError: division by zero\n(The code ended with 1.)")
    assert told("import sys; sys.exit(3)") == "(The code ended with 3.)"
    assert "ran for more than 0.5 seconds" in told("while True: pass", 0.5)
    assert told("print('x' * 10**6)").endswith("(Cut: it printed more than that.)")
    assert "QWEN" not in told("import os; print(sorted(os.environ))")


@pytest.mark.skipif(not HAS_SANDBOX, reason="this system has no sandbox")
def test_the_walls_hold(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    assert run({"code": "print(6 * 7)"}) == "42"
    assert "hush" not in run({"code": f"print(open({str(tmp_path / 'secret')!r}).read())"})
    connect = "import socket; socket.create_connection(('1.1.1.1', 53), 2)"
    assert "The code ended with 1" in run({"code": connect})
    assert "The code ended with 1" in run({"code": "open('/usr/x', 'w')"})
