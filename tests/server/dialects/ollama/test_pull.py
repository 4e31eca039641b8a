"""Downloads as Ollama's clients see them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from ollama import Client, ProgressResponse, ResponseError

from qwen3mlx.errors import DownloadError
from qwen3mlx.hub.jobs import Job
from qwen3mlx.library import DEMOS
from qwen3mlx.library.cache import repository_folder
from qwen3mlx.server.dialects.ollama.pull import progress

from ....hub.conftest import REPO, checkpoint_files
from ....hub.fake_hub import Fault
from ...live import LiveServer


@pytest.fixture
def client(server: Any) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def told(job: Job, states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of a download that is in one of `states` at each look."""

    async def collect() -> list[dict[str, Any]]:
        records = []
        for name, value in states.pop(0).items():
            setattr(job, name, value)
        async for record in progress(job, interval=0):
            records.append(record)
            for name, value in (states.pop(0) if states else {"status": "completed"}).items():
                setattr(job, name, value)
        return records

    return asyncio.run(collect())


def test_every_change_is_told_and_success_is_the_last() -> None:
    job = Job("org/repo")
    records = told(
        job,
        [
            {"total_bytes": 100},
            {"downloaded_bytes": 40},
            {"downloaded_bytes": 100},
            {"status": "completed"},
        ],
    )
    assert records[0] == {"status": "pulling manifest"}
    assert [(r["completed"], r["total"]) for r in records[1:-1]] == [(40, 100), (100, 100)]
    assert records[-1] == {"status": "success"}
    assert len({record["digest"] for record in records[1:-1]}) == 1


def test_a_failed_download_raises_its_error() -> None:
    job = Job("org/repo", status="failed", error=DownloadError("The disk is full."))
    with pytest.raises(DownloadError, match="disk"):
        told(job, [{}])


def test_a_model_is_downloaded(client: Client, fake_hub: Any) -> None:
    records = list(client.pull(REPO, stream=True))
    assert all(isinstance(record, ProgressResponse) for record in records)
    assert records[0].status == "pulling manifest"
    assert records[-1].status == "success"
    assert records[-2].completed == records[-2].total
    assert "config.json" in fake_hub.fetched()


def test_a_pull_can_be_waited_for(client: Client, fake_hub: Any) -> None:
    assert client.pull(f"{REPO}:latest").status == "success"
    assert set(fake_hub.fetched()) < set(checkpoint_files())


def test_a_tag_is_downloaded_from_the_nearest_repository(
    client: Client, fake_hub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    nearest = "mlx-community/Qwen3-4B-Thinking-2507-4bit"
    fake_hub.repos[nearest] = checkpoint_files()
    records = list(client.pull("qwen3:4b-thinking-2507-q4_K_M", stream=True))
    assert f"pulling {nearest}" in [record.status for record in records]
    assert f"model names the quantization q4_k_m; the nearest for MLX is {nearest}." in caplog.text


def test_a_near_miss_is_told_once_the_hub_has_no_such_repository(
    client: Client, fake_hub: Any
) -> None:
    with pytest.raises(ResponseError, match="did you mean Qwen/Qwen3-8B-MLX-4bit, or set HF_TOKEN"):
        client.pull("Qwen/Qwen3-8B-MLX-4-bits")


def test_a_download_that_fails_says_so(client: Client, fake_hub: Any) -> None:
    fake_hub.private[REPO] = Fault(403, "GatedRepo")
    with pytest.raises(ResponseError, match=REPO) as caught:
        client.pull(REPO)
    assert caught.value.status_code == 502
    with pytest.raises(ResponseError, match=REPO):
        list(client.pull(REPO, stream=True))


def test_a_model_is_deleted_once_it_is_there(
    client: Client, fake_hub: Any, server: LiveServer
) -> None:
    fake_hub.repos[REPO] = {path.name: path.read_bytes() for path in DEMOS["demo"].iterdir()}
    client.pull(REPO)
    server.service.library.scan()
    folder = repository_folder(REPO)
    assert folder.is_dir()
    client.delete(REPO)
    assert not folder.exists()
    with pytest.raises(ResponseError, match="is not on this computer"):
        client.delete(REPO)
    with pytest.raises(ResponseError, match="demo comes with the program"):
        client.delete("demo")
    assert client.show("demo")


def test_what_is_here_is_told_as_any_download(server: LiveServer) -> None:
    """Codex reads lines until the one that reports success, and fails if none ends with \\n."""
    reply = server.http.post("/api/pull", json={"model": "demo", "stream": True})
    assert reply.text == '{"status":"success"}\n'
    assert reply.headers["content-type"] == "application/x-ndjson"


def test_what_is_here_is_not_downloaded(client: Client) -> None:
    assert client.pull("demo").status == "success"
    assert [record.status for record in client.pull("demo", stream=True)] == ["success"]


@pytest.mark.parametrize("name", ["nobody", "./folder", "/etc", "../demo"])
def test_only_names_of_the_hub_are_downloaded(client: Client, name: str) -> None:
    with pytest.raises(ResponseError, match="is not a model:") as caught:
        client.pull(name)
    assert caught.value.status_code == 404
