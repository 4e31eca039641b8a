"""Closed or full standard streams cause an exit code and at most one line, in every verb."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support.places import IMPORT_PATH

from .conftest import COMMAND

# A verb, its exit code where all is well, and whether it prints a result on stdout.
VERBS: dict[str, tuple[list[str], int, bool]] = {
    "help": (["--help"], 0, True),
    "version": (["--version"], 0, True),
    "run": (["run", "demo", "hi", "--max-tokens", "2", "--no-think"], 0, True),
    "pull": (["pull", "demo"], 0, True),
    "list": (["list"], 0, True),
    "show": (["show", "demo"], 0, True),
    "rm": (["rm", "demo", "--yes"], 1, False),
    "ps": (["ps", "--url", "http://127.0.0.1:9"], 1, False),
    "load": (["load", "demo", "--url", "http://127.0.0.1:9"], 1, False),
    "unload": (["unload", "demo", "--url", "http://127.0.0.1:9"], 1, False),
    "quantize": (["quantize", "demo", "-o", "new", "--dry-run"], 0, True),
    "evaluate": (["evaluate", "demo", "--reference", "./nowhere"], 1, False),
    "app": (["app"], 2, False),
    "keys": (["keys", "create", "one"], 0, True),
    "usage": (["walk"], 2, False),
}


QUICK = ("help", "run", "list", "usage")


def shell(
    arguments: list[str], redirections: str, environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    command = f'exec "$@" {redirections}'
    return subprocess.run(
        ["sh", "-c", command, "sh", *COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**environment, "DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""},
        cwd=folder,
    )


@pytest.mark.parametrize(
    "redirections",
    [
        "<&- >&-",
        pytest.param("<&- 2>&-", marks=pytest.mark.slow),
        pytest.param("<&-", marks=pytest.mark.slow),
        pytest.param(">&-", marks=pytest.mark.slow),
        pytest.param("2>&-", marks=pytest.mark.slow),
        pytest.param("<&- >&- 2>&-", marks=pytest.mark.slow),
        pytest.param(">/dev/full </dev/null", marks=pytest.mark.slow),
        pytest.param("2>/dev/full </dev/null", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "verb",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in VERBS],
)
def test_closed_and_full_streams(
    environment: dict[str, str], tmp_path: Path, verb: str, redirections: str
) -> None:
    arguments, code, prints = VERBS[verb]
    done = shell(arguments, redirections, environment, tmp_path)
    lost = prints and (" >" in f" {redirections}")
    assert done.returncode == (1 if lost else code), done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if lost and "2>" not in redirections:
        words = "No space left" if "full" in redirections else "Standard output is closed"
        assert words in done.stderr
    if prints and not lost:
        assert done.stdout
    assert {file.name for file in tmp_path.iterdir()} <= {"home", "huggingface"}


@pytest.mark.parametrize("redirections", ["<&- >&- 2>&-", ">/dev/full 2>/dev/full </dev/null"])
def test_a_server_serves_without_streams(
    environment: dict[str, str], tmp_path: Path, free_port: int, redirections: str
) -> None:
    command = [*COMMAND, "serve", "--port", str(free_port)]
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$@" {redirections}', "sh", *command],
        env=environment,
        cwd=tmp_path,
    )
    try:
        url = f"http://127.0.0.1:{free_port}/v1/models"
        for _ in range(300):
            try:
                with urllib.request.urlopen(url, timeout=10) as response:
                    assert json.load(response)["data"]
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        else:
            pytest.fail("it did not answer")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


# An id that no user has: what `docker run --user 12345` and OpenShift give.
NOBODY = (
    "import os, runpy; os.getuid = lambda: 987654; runpy.run_module('qwen3mlx', None, '__main__')"
)


def without_home(environment: dict[str, str]) -> dict[str, str]:
    kept = ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    given = {name: environment[name] for name in kept if name in environment}
    return given | {"PYTHONPATH": IMPORT_PATH}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["list"], 0, "demo"),
        (["show", "demo"], 0, "demo"),
        (["run", "demo", "hi", "--max-tokens", "2"], 0, ""),
        (["keys", "list"], 0, "no keys"),
        (["keys", "create", "one"], 1, "set QWEN3MLX_HOME"),
        (["pull", "org/model"], 1, "set HF_HOME"),
        (["run", "~/model", "hi"], 1, "write the whole path"),
        (["run", "~nobody-here/model", "hi"], 1, "write the whole path"),
    ],
)
def test_a_user_without_a_home(
    environment: dict[str, str], tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    done = subprocess.run(
        [COMMAND[0], "-c", NOBODY, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
        env=without_home(environment),
        cwd=tmp_path,
    )
    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == [], "nothing may be written to a folder named ~"


def test_a_server_for_a_user_without_a_home(environment: dict[str, str], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [COMMAND[0], "-c", NOBODY, "serve", "--port", "0", "--parent-key", "whole"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=without_home(environment),
        cwd=tmp_path,
    )
    assert process.stdout is not None
    try:
        url = json.loads(process.stdout.readline())["url"]
        native = ("models", "folders", "settings", "keys", "status")
        for path in ("/v1/models", "/api/tags", *(f"/api/qwen3mlx/{name}" for name in native)):
            request = urllib.request.Request(url + path, headers={"x-api-key": "whole"})
            with urllib.request.urlopen(request, timeout=30) as response:
                assert response.status == 200
        body = json.dumps({"name": "one"}).encode()
        keys = urllib.request.Request(f"{url}/api/qwen3mlx/keys", body, {"x-api-key": "whole"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(keys, timeout=30)
        with refused.value as answer:
            assert "set QWEN3MLX_HOME" in json.load(answer)["error"]["message"]
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors
