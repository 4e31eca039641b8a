"""The installed wheel: only our own top-level names, and nothing from the current folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tarfile
import time
import urllib.request
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.places import ROOT

MAIN = "from qwen3mlx.cli import main; main()"
# Names that a person's own project has.
OWN = ("app", "quantize", "packaging", "server", "tests", "training", "benchmarks")
# The pages that the app shows, and where they are in the wheel.
HELP = "qwen3mlx_app/help/"
PAGES = ("README.md", "README.zh-CN.md", "CHANGELOG.md", "SECURITY.md", "docs")
TRAP = "raise SystemExit('a file of the current folder ran')"
VERBS: dict[str, Sequence[str]] = {
    "list": ["list"],
    "show": ["show", "demo"],
    "run": ["run", "demo", "Hello", "--max-tokens", "2"],
    "quantize": ["quantize", "demo", "-o", "new", "--dry-run"],
    "evaluate": ["evaluate", "--help"],
    "keys": ["keys", "list"],
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_its_top_level_holds_only_names_of_ours(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    packages = {name for name in names if not name.endswith(".dist-info")}
    assert packages == {"qwen3mlx", "qwen3mlx_app", "qwen3mlx_quantize"}
    assert len(names) == len(packages) + 1


def test_it_holds_what_is_tracked(wheel: Path) -> None:
    folders = ["qwen3mlx", "app/qwen3mlx_app", "quantize/qwen3mlx_quantize"]
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, check=True, capture_output=True, text=True
    )
    tracked = {
        path.removeprefix("app/").removeprefix("quantize/") for path in listed.stdout.split()
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    pages = {name for name in held if name.startswith(HELP)}
    assert held - pages == {
        path for path in tracked if not path.endswith(".ts") and not path.startswith(HELP)
    }


def test_the_pages_ship_as_they_are_and_without_pictures(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", *PAGES], cwd=ROOT, check=True, capture_output=True, text=True
    )
    wanted = {HELP + path for path in listed.stdout.split() if path.endswith(".md")}
    archive = zipfile.ZipFile(wheel)
    held = {name for name in archive.namelist() if name.startswith(HELP)}
    assert held == wanted, "link each page in app/qwen3mlx_app/help"
    for name in wanted:
        assert archive.read(name) == (ROOT / name.removeprefix(HELP)).read_bytes()


@pytest.mark.slow
def test_a_wheel_that_is_built_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    """The pages are links, which an sdist keeps and a wheel follows."""
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    for page in PAGES:
        assert (unpacked / page).exists(), page
    subprocess.run([*build, "-t", "wheel"], cwd=unpacked, check=True, capture_output=True)
    (again,) = tmp_path.glob("*.whl")
    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with the packages it needs but not this checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    # Not a folder for sites: what its .pth files name, the checkout among them, stays out.
    (site / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's own packages, named like folders of this project."""
    place = tmp_path_factory.mktemp("project")
    for name in OWN:
        (place / name).mkdir()
        (place / name / "__init__.py").write_text(TRAP)
        (place / name / "main.py").write_text(TRAP)
    (place / "tokenizers.py").write_text(TRAP)
    return place


def environment(home: Path) -> dict[str, str]:
    left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    given = {name: value for name, value in os.environ.items() if name not in left_out}
    return given | {"QWEN3MLX_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


def program(python: Path, words: Sequence[str]) -> list[str]:
    """Run as the installed program, whose own folder is on the path instead of the current one."""
    return [str(python), "-c", f"import sys; sys.path.remove(''); {MAIN}", *words]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_works_next_to_packages_of_the_same_names(
    python: Path, folder: Path, tmp_path: Path, verb: str
) -> None:
    done = subprocess.run(
        program(python, VERBS[verb]),
        cwd=folder,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a file of the current folder ran" not in done.stderr


@pytest.mark.slow
def test_the_app_and_its_server_start_next_to_packages_of_the_same_names(
    python: Path, folder: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    (tmp_path / "settings.json").write_text(json.dumps({"server": {"port": port}}))
    words = ["app", "--profile-dir", str(tmp_path)]
    window = subprocess.Popen(
        program(python, words), cwd=folder, env=environment(tmp_path), stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 60
        while not is_healthy(port):
            assert window.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        window.send_signal(signal.SIGTERM)
        _, said = window.communicate(timeout=30)
        assert window.returncode == 0, said
    finally:
        window.kill()
        window.communicate()


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False
