from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx import hub, library
from qwen3mlx.cli import models

from .support import fake_terminal, printed


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Downloads are only written down, and report their progress."""
    names: list[str] = []

    def fetch(name: str, *, revision: str | None, progress: hub.ProgressCallback) -> Path:
        names.append(name)
        for done in range(0, 101, 5):
            progress(hub.Progress(done * 10**7, 10**9))
        for done in range(0, 101, 50):
            progress(hub.Progress(done * 10**6, 10**8, "verifying"))
        return tmp_path

    monkeypatch.setattr(hub, "fetch", fetch)
    monkeypatch.setattr(hub, "is_offline", lambda: False)
    return names


def test_a_person_is_asked_with_the_size_before_a_download(
    fetched: list[str], tmp_path: Path
) -> None:
    terminal = fake_terminal(tty=True, typed="y\n")
    assert models.locate("qwen3:8b-4bit", terminal) == tmp_path
    assert fetched == ["qwen3:8b-4bit"]
    question = "Download Qwen/Qwen3-8B-MLX-4bit (about 4.4 GB)? [Y/n] "
    assert printed(terminal.stderr).startswith(question)


def test_the_size_of_another_repository_is_not_known_beforehand(fetched: list[str]) -> None:
    terminal = fake_terminal(tty=True, typed="\n")
    models.locate("org/model", terminal)
    assert printed(terminal.stderr).startswith("Download org/model? [Y/n] ")


def test_no_means_no(fetched: list[str]) -> None:
    with pytest.raises(library.NotDownloadedError, match="qwen3mlx pull qwen3:8b"):
        models.locate("qwen3:8b", fake_terminal(tty=True, typed="n\n"))
    assert fetched == []


def test_a_script_is_not_asked(fetched: list[str]) -> None:
    terminal = fake_terminal(typed="y\n")
    with pytest.raises(library.NotDownloadedError):
        models.locate("qwen3:8b", terminal)
    assert fetched == []
    assert printed(terminal.stderr) == ""


def test_offline_does_not_ask(fetched: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "is_offline", lambda: True)
    with pytest.raises(library.NotDownloadedError):
        models.locate("qwen3:8b", fake_terminal(tty=True, typed="y\n"))


def test_progress_off_a_terminal_is_a_line_per_tenth(fetched: list[str]) -> None:
    terminal = fake_terminal()
    models.fetch("org/model", terminal)
    lines = printed(terminal.stderr).splitlines()
    assert lines[0] == "Downloading model: 0% of 1.0 GB"
    assert lines[10] == "Downloading model: 100% of 1.0 GB"
    assert lines[11:] == [f"Verifying model: {percent}% of 0.1 GB" for percent in (0, 50, 100)]


def test_progress_on_a_terminal_is_a_bar_with_bytes(
    fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = fake_terminal(tty=True)
    models.fetch("org/model", terminal)
    assert "1.0/1.0 GB" in printed(terminal.stderr)
    assert "Verifying model" in printed(terminal.stderr)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("demo", "demo"),
        ("qwen3:8b-4bit", "Qwen3-8B-MLX-4bit"),
        ("org/model", "model"),
        ("/models/mine/", "mine"),
    ],
)
def test_short_name(name: str, short: str) -> None:
    assert models.short_name(name) == short
