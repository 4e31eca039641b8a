from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qwen3mlx.cli.rm import rm
from qwen3mlx.cli.terminal import Terminal
from qwen3mlx.errors import ModelNotFoundError, UsageError
from qwen3mlx.library import Library

from .support import fake_terminal, printed


def repository(snapshot: Path) -> Path:
    return snapshot.parents[1]


def ids() -> list[str]:
    return [model.id for model in Library().installed()]


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: str) -> Terminal:
    terminal = fake_terminal(tty=True, typed=typed)
    monkeypatch.setattr(Terminal, "standard", lambda: terminal)
    return terminal


def test_a_model_goes_with_all_its_files(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rm("Org/Model", yes=True)
    assert ids() == ["demo", "demo-moe"]
    assert not repository(cache).exists()
    assert capsys.readouterr().err == "Deleted org/model (3.3 MB).\n"


def test_an_incomplete_download_goes_too(cache: Path) -> None:
    (cache / "config.json").unlink()
    rm("org/model", yes=True)
    assert not repository(cache).exists()


@pytest.mark.parametrize(("typed", "deleted"), [("y\n", True), ("\n", False), ("", False)])
def test_a_person_is_asked_and_enter_is_a_no(
    cache: Path, monkeypatch: pytest.MonkeyPatch, typed: str, deleted: bool
) -> None:
    terminal = at_a_terminal(monkeypatch, typed)
    rm("org/model")
    assert repository(cache).exists() != deleted
    assert printed(terminal.stderr).startswith("Delete org/model (3.3 MB)? [y/N] ")


def test_a_script_must_say_yes(cache: Path) -> None:
    with pytest.raises(UsageError, match="--yes"):
        rm("org/model")
    assert cache.is_dir()


def test_what_is_not_in_the_cache_stays(cache: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(cache, mine)
    (tmp_path / "state").mkdir()
    settings = {"model_folders": [str(mine)]}
    (tmp_path / "state" / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(ModelNotFoundError, match="demo comes with the program"):
        rm("demo", yes=True)
    with pytest.raises(ModelNotFoundError, match="mine is in one of your folders"):
        rm("mine", yes=True)
    shutil.copytree(cache, tmp_path / "another")
    with pytest.raises(ModelNotFoundError, match="another is in one of your folders"):
        rm(str(tmp_path / "another"), yes=True)
    for name in ("org/nowhere", "nowhere", "../..", "/", str(mine), str(cache), "qwen3:8b"):
        with pytest.raises(ModelNotFoundError):
            rm(name, yes=True)
    assert ids() == ["demo", "demo-moe", "org/model", "mine"]
