"""Interrupted downloads go on where they stopped, whatever happens on the way."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx import hub
from qwen3mlx.errors import DownloadError
from qwen3mlx.hub.download import CHUNK_BYTES

from .conftest import REPO, SHARDS, checkpoint_files, in_lfs
from .fake_hub import FakeHub, Fault
from .test_pull import environment, start

__all__ = ["environment"]  # the fixture of a child process


def starts(hub_: FakeHub, name: str) -> list[int]:
    """Return where each request for a file began."""
    return [int((span or "bytes=0-")[6:].split("-")[0]) for span in hub_.ranges(name)]


def stop_after(num_bytes: int) -> hub.ProgressCallback:
    def stop(progress: hub.Progress) -> None:
        if progress.done >= num_bytes:
            raise KeyboardInterrupt

    return stop


def test_what_arrived_before_an_interruption_is_not_sent_again(fake_hub: FakeHub) -> None:
    fake_hub.repos[REPO] = checkpoint_files(shard_bytes=8 * CHUNK_BYTES)
    in_lfs(fake_hub)
    fake_hub.delays[SHARDS[1]] = 1
    with pytest.raises(KeyboardInterrupt):
        hub.fetch(REPO, progress=stop_after(5 * CHUNK_BYTES))
    fake_hub.delays.clear()
    folder = hub.fetch(REPO)
    for name in SHARDS:
        assert (folder / name).read_bytes() == fake_hub.repos[REPO][name]
    assert starts(fake_hub, SHARDS[0])[1] >= 3 * CHUNK_BYTES
    hub.fetch(REPO)
    assert fake_hub.fetched().count(SHARDS[0]) == 2


def test_a_killed_program_goes_on_at_its_last_chunk(
    environment: dict[str, str], fake_hub: FakeHub
) -> None:
    fake_hub.repos[REPO] = checkpoint_files(shard_bytes=16 * CHUNK_BYTES)
    in_lfs(fake_hub)
    fake_hub.delays[SHARDS[0]] = 0.05
    process = start(environment, "pull", REPO)
    blobs = Path(environment["HF_HOME"], "hub", "models--org--Tiny-4bit", "blobs")
    partial = blobs / f"{fake_hub.etags[SHARDS[0]]}.incomplete"
    end = time.monotonic() + 60
    while not partial.exists() or partial.stat().st_size < 4 * CHUNK_BYTES:
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    arrived = partial.stat().st_size
    fake_hub.delays.clear()
    again = start(environment, "pull", REPO)
    out, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert starts(fake_hub, SHARDS[0]) == [0, arrived]
    assert Path(out.strip(), SHARDS[0]).read_bytes() == fake_hub.repos[REPO][SHARDS[0]]


def test_the_token_does_not_reach_the_second_origin(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    in_lfs(fake_hub)
    with FakeHub(fake_hub.repos) as elsewhere:
        fake_hub.elsewhere = elsewhere
        folder = hub.fetch(REPO)
    assert sorted(set(elsewhere.fetched())) == sorted(SHARDS)
    assert set(elsewhere.tokens) == {None}
    assert set(fake_hub.tokens) == {"Bearer hf_secret"}
    assert (folder / SHARDS[1]).read_bytes() == fake_hub.repos[REPO][SHARDS[1]]


def test_a_part_that_is_not_of_this_file_is_noticed(fake_hub: FakeHub) -> None:
    in_lfs(fake_hub)
    with pytest.raises(KeyboardInterrupt):
        hub.fetch(REPO, progress=stop_after(1))
    (partial,) = Path(constants.HF_HUB_CACHE).rglob(f"{fake_hub.etags[SHARDS[0]]}*.incomplete")
    partial.write_bytes(b"other" * 10)
    with pytest.raises(DownloadError, match="arrived damaged and was deleted"):
        hub.fetch(REPO)
    assert (hub.fetch(REPO) / SHARDS[0]).read_bytes() == fake_hub.repos[REPO][SHARDS[0]]


def attempt() -> Path | DownloadError:
    try:
        return hub.fetch(REPO)
    except DownloadError as error:
        return error


def schedule(fake_hub: FakeHub, seed: int) -> None:
    """Let the line drop at random offsets, and the hub fail now and then."""
    dice = random.Random(seed)
    for name in SHARDS:
        size = len(fake_hub.repos[REPO][name])
        fake_hub.cuts[name] = [dice.randrange(size) for _ in range(dice.randrange(4))]
        fake_hub.soon[name] = [
            Fault(dice.choice([429, 500, 502, 503])) for _ in range(dice.randrange(2))
        ]
    if dice.random() < 0.2:
        fake_hub.extra[SHARDS[0]] = dice.randrange(1, 1000)
    if dice.random() < 0.2:
        name, whole = SHARDS[1], fake_hub.repos[REPO][SHARDS[1]]
        at = dice.randrange(len(whole))
        fake_hub.repos[REPO][name] = whole[:at] + b"\xff" + whole[at + 1 :]


@pytest.mark.parametrize(
    "seed",
    [
        *range(3),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 300)),
    ],
)
def test_the_files_arrive_intact_or_a_clear_error_does(
    fake_hub: FakeHub, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # the library's, between its attempts
    files = dict(fake_hub.repos[REPO])
    in_lfs(fake_hub)
    schedule(fake_hub, seed)
    ends = [attempt() for _ in range(8)]
    folders = [end for end in ends if isinstance(end, Path)]
    # Of a hub that has other files than it announces, nothing arrives.
    assert bool(folders) == (fake_hub.repos[REPO] == files and not fake_hub.extra)
    for folder in folders:
        assert all((folder / name).read_bytes() == files[name] for name in SHARDS)
    for said in (str(end) for end in ends if isinstance(end, DownloadError)):
        assert "\n" not in said
        assert any(part in said for part in (REPO, fake_hub.url, "announced"))
