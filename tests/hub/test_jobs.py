from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx.errors import DownloadError, ModelNotFoundError
from qwen3mlx.hub import download
from qwen3mlx.hub import jobs as downloads
from qwen3mlx.hub.jobs import Downloads, Job
from qwen3mlx.library import resolve
from qwen3mlx.settings.state import StateFile

from . import conftest as hub
from .fake_hub import FakeHub, Fault

fake_hub = hub.fake_hub

OTHER = "org/Other-4bit"
PATIENCE = 20


@pytest.fixture
def jobs(fake_hub: FakeHub) -> Iterator[Downloads]:
    fake_hub.repos[OTHER] = hub.checkpoint_files()
    jobs = Downloads()
    yield jobs
    jobs.close()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def finish(job: Job) -> None:
    for thread in threading.enumerate():
        if thread.name == f"download {job.repo_id}":
            thread.join(PATIENCE)
    assert not job.is_open


def test_a_job_ends_with_the_model_on_disk_and_all_of_its_bytes_counted(jobs: Downloads) -> None:
    job = jobs.start(hub.REPO, "ada")
    assert job.begun.wait(PATIENCE)
    finish(job)
    folder = resolve(hub.REPO)
    assert job.status == "completed"
    assert job.error is None
    assert job.downloaded_bytes == job.total_bytes
    assert job.total_bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert job.ended_at is not None
    assert job.started_at <= job.ended_at
    assert jobs.get(job.id, "ada") is job
    assert jobs.get(job.id, "bob") is None


def test_a_model_is_not_downloaded_twice_at_a_time(jobs: Downloads, fake_hub: FakeHub) -> None:
    fake_hub.delays[hub.SHARDS[0]] = 0.1
    job = jobs.start(hub.REPO, "ada")
    assert jobs.start(hub.REPO.upper(), "bob") is job
    assert jobs.get(job.id, "bob") is job
    other = jobs.start(OTHER, "ada")
    assert other is not job
    finish(job)
    finish(other)
    assert fake_hub.fetched().count("tokenizer.json") == 2
    assert jobs.start(hub.REPO, "ada") is not job


def test_downloads_side_by_side_leave_the_library_as_it_was(
    jobs: Downloads, fake_hub: FakeHub
) -> None:
    before = constants.DOWNLOAD_CHUNK_SIZE
    fake_hub.delays[hub.SHARDS[0]] = 0.05
    first = jobs.start(hub.REPO, "ada")
    assert first.begun.wait(PATIENCE)
    second = jobs.start(OTHER, "ada")
    finish(first)
    finish(second)
    after = constants.DOWNLOAD_CHUNK_SIZE
    assert after == before


def test_the_speed_and_the_end_are_known_once_bytes_have_come(
    jobs: Downloads, fake_hub: FakeHub
) -> None:
    fake_hub.repos[hub.REPO] = hub.checkpoint_files(shard_bytes=2**20)
    fake_hub.delays[hub.SHARDS[0]] = 0.05
    job = jobs.start(hub.REPO, "ada")
    assert job.begun.wait(PATIENCE)
    assert job.status == "downloading"
    assert job.bytes_per_second > 0
    assert job.estimated_completion is not None
    assert job.estimated_completion > job.started_at


def test_checking_the_hashes_is_no_download(jobs: Downloads, fake_hub: FakeHub) -> None:
    files = fake_hub.repos[hub.REPO]
    fake_hub.etags[hub.SHARDS[0]] = hashlib.sha256(files[hub.SHARDS[0]]).hexdigest()
    job = jobs.start(hub.REPO, "ada")
    finish(job)
    assert job.status == "completed"
    assert job.total_bytes is not None
    assert job.downloaded_bytes == job.total_bytes > len(files[hub.SHARDS[0]])


def test_nothing_is_estimated_before_the_size_is_known() -> None:
    assert Job(hub.REPO).estimated_completion is None


def test_a_job_that_fails_says_why(jobs: Downloads) -> None:
    job = jobs.start("org/Nowhere", "ada")
    assert job.begun.wait(PATIENCE)
    finish(job)
    assert job.status == "failed"
    assert isinstance(job.error, ModelNotFoundError)
    assert job.total_bytes is None


def test_an_unforeseen_fault_ends_the_job_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(downloads, "fetch_from", fail)
    job = Downloads().start(hub.REPO, "ada")
    assert job.begun.wait(PATIENCE)
    finish(job)
    assert job.status == "failed"
    assert isinstance(job.error, DownloadError)
    assert "the disk is on fire" in caplog.text


def test_closing_ends_those_that_run(jobs: Downloads, fake_hub: FakeHub) -> None:
    fake_hub.repos[hub.REPO] = hub.checkpoint_files(shard_bytes=2**22)
    fake_hub.delays[hub.SHARDS[0]] = 0.02
    job = jobs.start(hub.REPO, "ada")
    assert job.begun.wait(PATIENCE)
    jobs.close()
    finish(job)
    assert job.status == "failed"
    assert job.downloaded_bytes < (job.total_bytes or 0)


def test_only_the_latest_of_the_finished_jobs_are_known(
    jobs: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAX_FINISHED", 2)
    started = []
    for number in range(4):
        job = jobs.start(f"org/Nowhere-{number}", "ada")
        finish(job)
        started.append(job)
    assert [jobs.get(job.id, "ada") is job for job in started] == [False, False, True, True]


@pytest.fixture
def slow(fake_hub: FakeHub) -> FakeHub:
    return hub.slowed(fake_hub)


def resumed_at(fake_hub: FakeHub) -> list[int]:
    return [int(span[6:-1]) for span in fake_hub.ranges(hub.SHARDS[0]) if span]


def test_a_paused_job_goes_on_where_it_stopped(jobs: Downloads, slow: FakeHub) -> None:
    job = jobs.start(hub.REPO, "ada")
    wait_for(lambda: job.downloaded_bytes > 2**22)
    jobs.pause(job)
    wait_for(lambda: not jobs._threads)
    assert job.status == "paused"
    assert job.bytes_per_second == 0
    slow.delays.clear()
    assert jobs.start(hub.REPO, "ada") is job
    wait_for(lambda: job.status == "completed")
    assert len(slow.ranges(hub.SHARDS[0])) == 2
    assert resumed_at(slow)[0] > 0
    assert slow.fetched().count(hub.SHARDS[1]) == 1


def test_a_cancelled_job_leaves_no_parts(jobs: Downloads, slow: FakeHub, tmp_path: Path) -> None:
    job = jobs.start(hub.REPO, "ada")
    wait_for(lambda: list(tmp_path.rglob("*.incomplete")) and job.downloaded_bytes)
    jobs.cancel(job)
    wait_for(lambda: not jobs._threads)
    assert jobs.get(job.id, "ada") is None
    assert list(tmp_path.rglob("*.incomplete")) == []


def test_parts_that_cannot_be_deleted_do_not_keep_a_cancelled_job(
    jobs: Downloads,
    slow: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(repo_id: str) -> None:
        raise PermissionError("read-only disk")

    monkeypatch.setattr(download, "discard_partial", refuse)
    job = jobs.start(hub.REPO, "ada")
    wait_for(lambda: job.downloaded_bytes)
    jobs.cancel(job)
    wait_for(lambda: not jobs._threads)
    assert "read-only disk" in caplog.text
    jobs.cancel(job)


def test_a_download_that_follows_a_cancelled_one_keeps_its_parts(
    jobs: Downloads, slow: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[Job] = []
    discard = downloads._discard

    def discard_alone(job: Job) -> None:
        running.extend(each for each in jobs.listed(None) if each.status == "downloading")
        discard(job)

    monkeypatch.setattr(downloads, "_discard", discard_alone)
    first = jobs.start(hub.REPO, "ada")
    wait_for(lambda: list(tmp_path.rglob("*.incomplete")) and first.downloaded_bytes)
    jobs.cancel(first)
    second = jobs.start(hub.REPO, "ada")
    assert second is not first
    assert second.status == "queued"
    slow.delays.clear()
    wait_for(lambda: second.status == "completed")
    assert running == []
    assert slow.fetched().count(hub.SHARDS[0]) == 2


def test_jobs_wait_in_an_order_that_can_be_changed(
    jobs: Downloads, slow: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    slow.repos[OTHER] = slow.repos["org/Third-4bit"] = slow.repos[hub.REPO]
    first, second, third = (jobs.start(name, "ada") for name in (hub.REPO, OTHER, "org/Third-4bit"))
    assert [job.status for job in (first, second, third)] == ["downloading", "queued", "queued"]
    jobs.move(third, 0)
    assert jobs.listed("ada") == [third, first, second]
    assert jobs.listed("bob") == []
    jobs.pause(second)
    slow.delays.clear()
    finish(first)
    wait_for(lambda: third.status == "completed")
    assert second.status == "paused"
    jobs.resume(second)
    wait_for(lambda: second.status == "completed")


def test_a_later_server_goes_on_with_the_jobs_of_an_earlier_one(
    slow: FakeHub, tmp_path: Path
) -> None:
    slow.repos[OTHER] = hub.checkpoint_files()
    state = StateFile("downloads.json", tmp_path / "home")
    earlier = Downloads(state)
    running, paused = earlier.start(hub.REPO, "ada"), earlier.start(OTHER, "ada")
    earlier.pause(paused)
    wait_for(lambda: running.downloaded_bytes > 2**22)
    earlier.close()
    slow.delays.clear()
    later = Downloads(state)
    later.restore()
    again, still_paused = later.get(running.id, "ada"), later.get(paused.id, "ada")
    assert again is not None
    assert still_paused is not None
    wait_for(lambda: again.status == "completed")
    assert still_paused.status == "paused"
    assert resumed_at(slow)[0] > 0
    wait_for(lambda: [row["id"] for row in state.read()["jobs"]] == [paused.id])
    later.close()


@pytest.mark.parametrize("rows", [None, [1, {}, {"repo_id": "a/b"}], {"a": 1}])
def test_a_state_of_another_form_costs_nothing(tmp_path: Path, rows: object) -> None:
    state = StateFile("downloads.json", tmp_path)
    with state.edit() as values:
        values["jobs"] = rows
    jobs = Downloads(state)
    jobs.restore()
    assert jobs.listed(None) == []


def test_a_failure_that_may_pass_is_tried_again(
    jobs: Downloads, slow: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "WAITS", (0.01, 0.01))
    slow.delays.clear()
    slow.soon[hub.SHARDS[1]] = [Fault(503), Fault(500)]
    job = jobs.start(hub.REPO, "ada")
    finish(job)
    assert (job.status, job.error) == ("completed", None)
    slow.repos[OTHER] = hub.checkpoint_files()
    slow.broken["config.json"] = Fault(500)
    hopeless = jobs.start(OTHER, "ada")
    finish(hopeless)
    assert hopeless.status == "failed"
    assert "status 500" in str(hopeless.error)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", hub.SHARDS[0]])
def test_a_file_that_is_another_size_than_announced_is_not_tried_again(
    jobs: Downloads, fake_hub: FakeHub, name: str
) -> None:
    """All of the answer came: another attempt would get the same."""
    fake_hub.extra[name] = 1000
    job = jobs.start(hub.REPO, "ada")
    finish(job)
    assert job.status == "failed"
    assert "is not of the size that the hub announced" in str(job.error)
    assert fake_hub.fetched().count(name) == 1
