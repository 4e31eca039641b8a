"""`qwen3mlx upload`: it shows and asks before it sends, and goes on after Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.hub.fake_upload_hub import TOKEN, FakeUploadHub
from tests.support.checkpoints import DENSE, write_checkpoint

from .conftest import COMMAND
from .in_process import invoke
from .test_tty import Screen

REPO = "me/Tiny"
SHARDS = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_checkpoint(tmp_path / "tiny", DENSE, num_shards=2)
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeUploadHub]:
    """A hub for this process, and by the environment for others, which send by LFS."""
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)  # else it starts a thread
    with FakeUploadHub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        for name, value in (("ENDPOINT", running.url), ("HUB_OFFLINE", "0"), ("TOKEN", TOKEN)):
            monkeypatch.setenv(f"HF_{name}", value)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        yield running


def test_without_a_terminal_it_shows_what_it_would_send_and_refuses(
    hub: FakeUploadHub, folder: Path
) -> None:
    done = invoke("upload", str(folder), REPO)
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert [line.split()[0] for line in lines[:5]] == [
        "config.json",
        *SHARDS,
        "model.safetensors.index.json",
        "tokenizer.json",
    ]
    assert lines[5].startswith("5 files, ")
    assert lines[5].endswith(f"to {hub.url}/{REPO} (new, private).")
    assert lines[6].startswith("Note: There is no model card")
    assert lines[-1].startswith("qwen3mlx: Cannot ask for confirmation here: add --yes")
    assert not hub.repos


def test_with_yes_it_sends_and_prints_the_address(hub: FakeUploadHub, folder: Path) -> None:
    done = invoke("upload", str(folder), REPO, "--yes", "--public")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{hub.url}/{REPO}\n"
    assert "(new, public: everybody can see and copy it)." in done.stderr
    assert "Sending tokenizer.json (" in done.stderr
    assert TOKEN not in done.output
    assert set(hub.repos[REPO]) == {".gitattributes", *(p.name for p in folder.iterdir())}
    assert not hub.private[REPO]
    hub.repos[REPO]["old.safetensors"] = b"old"
    again = invoke("upload", str(folder), REPO, "--yes", "--public")
    assert "config.json" in again.stderr
    assert "replaces the one there" in again.stderr
    assert "Note: files stay there: old.safetensors." in again.stderr


def test_a_folder_that_is_refused_asks_no_hub(hub: FakeUploadHub, folder: Path) -> None:
    (folder / ".env").write_text("X=1")
    done = invoke("upload", str(folder), REPO, "--yes")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert ".env" in done.stderr
    assert not hub.requests


def test_no_is_the_default_answer(
    hub: FakeUploadHub, folder: Path, environment: dict[str, str]
) -> None:
    screen = Screen(["upload", str(folder), REPO], environment)
    try:
        screen.expect("[y/N]")
        screen.type("\r")
        screen.expect("Nothing was sent.")
        assert screen.exit_code() == 0
    finally:
        screen.close()
    assert not hub.repos


def test_after_ctrl_c_only_what_is_missing_is_sent(
    hub: FakeUploadHub, folder: Path, environment: dict[str, str]
) -> None:
    second, go_on = threading.Event(), threading.Event()

    def stall() -> bool:
        if len(hub.put) == 1:
            return True
        second.set()
        go_on.wait(30)
        return False

    hub.on_put = stall
    words = [*COMMAND, "upload", str(folder), REPO, "--yes"]
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    assert second.wait(60)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    go_on.set()
    assert process.returncode == 130
    assert told.splitlines()[-1].startswith("Stopped: run it again")
    hub.put.clear()
    hub.on_put = lambda: None
    assert invoke("upload", str(folder), REPO, "--yes").exit_code == 0
    assert len(hub.put) == 1
    assert set(SHARDS) < set(hub.repos[REPO])
