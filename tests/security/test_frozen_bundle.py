"""A frozen bundle starts itself and its children, though `-c` and `-m` mean nothing to it.

The bundle here is a script with what PyInstaller's bootloader sets: `sys.frozen`, and
`sys.executable` is the program itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from qwen3mlx.child_process import CHILDREN, RUN_CHILD
from tests.support.places import IMPORT_PATH, ROOT

from ..app.services.files import pdf_bytes
from .hostile.mutations import write_demo

BUNDLE = """\
#!{python}
import sys
sys.path[:] = {path!r} + sys.path[1:]
sys.frozen, sys.executable = True, {bundle!r}
sys.argv[0] = {bundle!r}
{before}
from qwen3mlx.__main__ import main
main()
"""
WINDOW = """\
def look(profile_dir, program, link):
    import pathlib
    from qwen3mlx_app.services.attachments import read_attachment
    from qwen3mlx_app.services.child import Child
    print(list(program), read_attachment(pathlib.Path("a.pdf"), program).text, flush=True)
    colouring = Child((*program, "--run-child", "qwen3mlx_app.views.colouring"), 60)
    print(*colouring.ask({"source": "x = 1", "language": "python", "style": "default"}))
    colouring.close()
    return 0
if sys.argv[1:2] == ["app"]:
    import qwen3mlx_app.main
    qwen3mlx_app.main.main = look
"""


def bundle(folder: Path, before: str = "") -> Path:
    path = folder / "qwen3mlx"
    text = BUNDLE.format(
        python=sys.executable,
        path=IMPORT_PATH.split(os.pathsep),
        bundle=str(path),
        before=before,
    )
    path.write_text(text)
    path.chmod(0o755)
    return path


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"QWEN3MLX_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


def run(program: Path, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *words],
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@contextmanager
def served(program: Path, home: Path) -> Iterator[tuple[psutil.Process, str]]:
    """The server's process, and its URL."""
    with subprocess.Popen(
        [str(program), "serve", "--port", "0", "--exit-with-parent"],
        cwd=home,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield psutil.Process(process.pid), json.loads(process.stdout.readline())["url"]


def ask(url: str, **fields: Any) -> str:
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 8, **fields}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as reply:
        return str(json.load(reply)["choices"][0]["message"]["content"])


def test_a_bundle_starts_the_children_of_grammars_and_templates(tmp_path: Path) -> None:
    program = bundle(tmp_path)
    model = tmp_path / "models" / "stranger"
    model.mkdir(parents=True)
    template = b"{% for m in messages %}{{ m.content }}{{ '' | string }}{% endfor %}"
    write_demo(model, {"chat_template.jinja": template})
    settings = {"model_folders": [str(tmp_path / "models")]}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    chosen = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": ["Paris"]}}}
    with served(program, tmp_path) as (process, url):
        said = ask(url, model="demo", response_format=chosen, enable_thinking=False)
        assert json.loads(said) == "Paris"
        ask(url, model="stranger")
        commands = [child.cmdline() for child in process.children()]
    started = {command[-1] for command in commands if command[-2:-1] == [RUN_CHILD]}
    assert started == {"qwen3mlx.grammar.child", "qwen3mlx.text.templates.worker"}
    assert all(str(program) in command and "-c" not in command for command in commands)


def test_the_window_of_a_bundle_starts_its_children(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_bytes("What the file says"))
    program = bundle(tmp_path, before=WINDOW)
    done = run(program, "app", home=tmp_path)
    assert done.returncode == 0, done.stderr
    said, coloured = done.stdout.splitlines()
    assert said == f"{[str(program)]} What the file says"
    assert "<span" in coloured


def test_a_bundle_is_the_command_line(tmp_path: Path) -> None:
    done = run(bundle(tmp_path), "--version", home=tmp_path)
    assert (done.returncode, done.stdout.split()[0]) == (0, "qwen3mlx"), done.stderr


@pytest.mark.parametrize("module", ["this", "os", "tests.security.hostile.stuck", "", None])
def test_no_other_module_is_run(tmp_path: Path, module: str | None) -> None:
    words = [RUN_CHILD] if module is None else [RUN_CHILD, module]
    done = run(bundle(tmp_path), *words, home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_each_child_is_there() -> None:
    for module in CHILDREN:
        code = f"from importlib import import_module; import_module({module!r}).main"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
