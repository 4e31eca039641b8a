"""`qwen3mlx pull` as a process, which reads HF_ENDPOINT and HF_HOME itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.places import IMPORT_PATH

from .conftest import REPO, SHARDS, checkpoint_files
from .fake_hub import COMMIT, FakeHub, Fault


@pytest.fixture
def environment(fake_hub: FakeHub, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "HF_ENDPOINT": fake_hub.url,
        "HF_HOME": str(tmp_path / "huggingface"),
        "HF_HUB_OFFLINE": "0",
        "PYTHONPATH": IMPORT_PATH,
    }


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "qwen3mlx", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for_the_second_shard(environment: dict[str, str], fake_hub: FakeHub) -> None:
    """Until it is on its way, and the first one is in the cache."""
    cache = Path(environment["HF_HOME"])
    while SHARDS[1] not in fake_hub.fetched() or not list(cache.rglob(SHARDS[0])):
        time.sleep(0.02)


def test_pull_prints_the_folder_and_its_progress(
    environment: dict[str, str], tmp_path: Path
) -> None:
    process = start(environment, "pull", REPO)
    out, errors = process.communicate(timeout=60)
    cache = tmp_path / "huggingface" / "hub" / "models--org--Tiny-4bit"
    assert (process.returncode, out) == (0, f"{cache}/snapshots/{COMMIT}\n")
    assert errors.splitlines()[-1] == "Downloading Tiny-4bit: 100% of 0.6 MB"


def test_a_refusal_is_one_line(environment: dict[str, str], fake_hub: FakeHub) -> None:
    fake_hub.private[REPO] = Fault(403, "GatedRepo")
    process = start(environment, "pull", REPO)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert errors.count("\n") == 1
    assert "is gated" in errors


def test_ctrl_c_ends_a_pull_at_once_and_keeps_the_finished_files(
    environment: dict[str, str], fake_hub: FakeHub
) -> None:
    fake_hub.repos[REPO] = checkpoint_files(shard_bytes=1 << 23)
    fake_hub.delays[SHARDS[1]] = 0.5
    process = start(environment, "pull", REPO)
    wait_for_the_second_shard(environment, fake_hub)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors
    fake_hub.delays.clear()
    again = start(environment, "pull", REPO)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert fake_hub.fetched().count(SHARDS[0]) == 1
    assert fake_hub.fetched().count(SHARDS[1]) == 2


def test_ctrl_c_does_not_wait_for_a_line_that_went_dead(
    environment: dict[str, str], fake_hub: FakeHub, tmp_path: Path
) -> None:
    fake_hub.delays[SHARDS[1]] = 60
    process = start(environment, "pull", REPO)
    wait_for_the_second_shard(environment, fake_hub)
    pressed = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - pressed < 8
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert list(tmp_path.rglob("*.incomplete")) == []
