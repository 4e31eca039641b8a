"""The bundle, built and used: without Python on PATH, from a folder with a space in its name."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from packaging.utils import canonicalize_name

from .bundle import Run, bare, started

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(1800)]

# Megabytes.
LARGEST, LARGEST_ARCHIVE = 330, 150
NEEDS = ("Xvfb", "xdotool")


def test_its_size_is_told_by_component_and_has_a_ceiling(
    built: tuple[Path, str], bundle: Path
) -> None:
    archive, printed = built
    lines = [line.split(" MB  ") for line in printed.splitlines() if " MB  " in line]
    megabytes = {name: float(size) for size, name in lines}
    total = megabytes.pop("all")
    assert abs(sum(megabytes.values()) - total) < 10
    assert {"PySide6", "mlx", "tokenizers", "qwen3mlx"} < megabytes.keys()
    assert total < LARGEST
    assert archive.stat().st_size < LARGEST_ARCHIVE * 1e6


def test_every_part_has_its_licence(bundle: Path) -> None:
    listed = (bundle / "licences" / "README.txt").read_text("utf-8")
    assert "LGPL" in listed
    for name in ("PySide6_Essentials", "mlx", "tokenizers", "fastapi", "qwen3mlx"):
        assert f"\n{name} " in listed, name
    assert (bundle / "licences" / "Python.txt").is_file()
    inside = {path.name.partition("-")[0] for path in (bundle / "_internal").glob("*.dist-info")}
    names = {line.partition(" ")[0] for line in listed.splitlines()}
    assert set(map(canonicalize_name, inside)) <= set(map(canonicalize_name, names))


def test_it_answers_in_the_terminal(run: Run) -> None:
    done = run("run", "demo", "Hello", "--no-think", "--max-tokens", "8")
    assert done.stdout.strip()
    assert done.returncode == 0, done.stderr
    assert run("--version").stdout.startswith("qwen3mlx ")


def test_it_quantizes(run: Run, home: Path) -> None:
    done = run("quantize", "demo", "-o", str(home / "four bits"))
    assert done.returncode == 0, done.stderr
    assert "bits per weight" in done.stdout + done.stderr
    assert run("run", str(home / "four bits"), "Hello", "--max-tokens", "4").returncode == 0


def test_it_serves_grammars_and_leaves_no_process(bundle: Path, home: Path) -> None:
    command = [str(bundle / "qwen3mlx"), "serve", "--model", "demo", "--port", "0"]
    with started(command, bare(home)) as server:
        url = json.loads(server.stdout.readline())["url"]
        schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
        body = {
            "model": "demo",
            "messages": [{"role": "user", "content": "Hello"}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": schema},
            },
            "enable_thinking": False,
            "max_tokens": 64,
        }
        request = urllib.request.Request(
            f"{url}/v1/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            choice = json.load(response)["choices"][0]
        if choice["finish_reason"] == "stop":
            assert isinstance(json.loads(choice["message"]["content"])["a"], int)
        children = server.children(recursive=True)
        assert children  # the grammar's process
    assert server.returncode == 0
    assert not psutil.wait_procs(children, timeout=10)[1]


@pytest.mark.skipif(not all(map(shutil.which, NEEDS)), reason=f"needs {' and '.join(NEEDS)}")
def test_its_window_opens_without_arguments_and_chats(bundle: Path, home: Path) -> None:
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x860x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    try:
        display = ":" + os.read(read, 8).decode().strip()
        with started([bundle / "qwen3mlx-app"], bare(home, DISPLAY=display)) as window:
            press(display, "search", "--sync", "--onlyvisible", "--name", "qwen3mlx")
            database = home / ".local/share/qwen3mlx/conversations.sqlite"
            press(display, "type", "--delay", "30", "Hello")
            press(display, "key", "Return")
            assert wait_for(lambda: answer(database))
            children = window.children(recursive=True)
            # Like the server, a browser that the window starts gets nothing of the bundle's Qt.
            assert children
            assert not any("QT_PLUGIN_PATH" in child.environ() for child in children)
            window.terminate()
            assert window.wait(30) == 0
            assert not psutil.wait_procs(children, timeout=15)[1]
    finally:
        screen.terminate()
        screen.wait()


def press(display: str, *command: str) -> None:
    subprocess.run(
        ["xdotool", *command],
        env={**os.environ, "DISPLAY": display},
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )


def answer(database: Path) -> str:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        rows = store.execute(
            "SELECT content FROM messages WHERE role = 'assistant' AND status = 'done'"
        ).fetchall()
    return rows[0][0] if rows else ""


def wait_for(met: Callable[[], str], seconds: float = 60) -> str:
    end = time.monotonic() + seconds
    while not (found := met()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def test_it_joins_the_menu_and_leaves_it(bundle: Path, home: Path) -> None:
    environment = bare(home) | {"PATH": "/usr/bin:/bin"}
    subprocess.run([bundle / "install.sh"], env=environment, check=True)
    entry = (home / ".local/share/applications/qwen3mlx.desktop").read_text("utf-8")
    assert f'Exec="{bundle}/qwen3mlx" app %u\n' in entry
    link = home / ".local/bin/qwen3mlx"
    said = subprocess.check_output([link, "--version"], env=bare(home), text=True)
    assert said.startswith("qwen3mlx ")
    subprocess.run([bundle / "install.sh", "--remove"], env=environment, check=True)
    assert not [path for path in home.rglob("*") if path.is_file() or path.is_symlink()]
