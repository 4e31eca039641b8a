"""Deleting a model can be undone for a while; what is not ours is refused with the reason."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx.library import DEMOS
from qwen3mlx.library.cache import repository_folder
from qwen3mlx.library.removal import HOLDING
from qwen3mlx.server.core import held_models
from tests.hub.fake_hub import COMMIT

from ...live import LiveServer, live_server
from .support import get, load, refused, send

REPO = "org/Tiny"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hugging Face cache with one model."""
    hub = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    repository = repository_folder(REPO)
    shutil.copytree(DEMOS["demo"], repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return hub


@pytest.fixture
def owned(cache: Path, home: Path) -> Iterator[LiveServer]:
    with live_server() as running:
        yield running


def ids(server: LiveServer) -> list[str]:
    return [model["id"] for model in get(server, "/models")["models"]]


def held(cache: Path) -> list[Path]:
    return list((cache / HOLDING).iterdir())


def wait_until_gone(cache: Path) -> None:
    end = time.monotonic() + 10
    while held(cache):
        assert time.monotonic() < end
        time.sleep(0.01)


def files(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


def test_a_model_is_deleted_and_restored_as_it_was(owned: LiveServer, cache: Path) -> None:
    load(owned, REPO)
    before = files(repository_folder(REPO))
    deleted = send(owned, "POST", "/models/delete", {"model": REPO})
    assert (deleted["model"], deleted["size_bytes"]) == (REPO, sum(before.values()))
    assert REPO not in ids(owned)
    assert not repository_folder(REPO).exists()
    restored = send(owned, "POST", "/models/restore", {"id": deleted["id"]})
    assert (restored["id"], restored["state"]) == (REPO, "not-loaded")
    assert files(repository_folder(REPO)) == before
    assert held(cache) == []
    again = refused(owned, "POST", "/models/restore", {"id": deleted["id"]})
    assert again["message"] == "This model is deleted for good: download it again."
    assert load(owned, REPO)[-1][0] == "loaded"


def test_after_a_while_it_is_deleted_for_good(
    owned: LiveServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_models, "KEEP_SECONDS", 0.05)
    deleted = send(owned, "POST", "/models/delete", {"model": REPO})
    wait_until_gone(cache)
    refused(owned, "POST", "/models/restore", {"id": deleted["id"]})


def test_a_server_that_ends_deletes_what_it_holds(cache: Path, home: Path) -> None:
    with live_server() as running:
        send(running, "POST", "/models/delete", {"model": REPO})
        assert len(held(cache)) == 1
    assert held(cache) == []


def test_what_a_killed_server_left_goes_once_it_is_old(cache: Path, home: Path) -> None:
    for name in ("old", "young"):
        (cache / HOLDING / name).mkdir(parents=True)
    (cache / HOLDING / "link").symlink_to(home)
    os.utime(cache / HOLDING / "old", (1, 1))
    with live_server() as running:
        assert REPO in ids(running)
    assert {path.name for path in held(cache)} == {"young", "link"}


def test_what_has_been_downloaded_again_is_not_overwritten(owned: LiveServer, cache: Path) -> None:
    deleted = send(owned, "POST", "/models/delete", {"model": REPO})
    repository_folder(REPO).mkdir()
    reply = owned.http.post(
        "/api/qwen3mlx/models/restore", json={"id": deleted["id"]}, headers=owned.person
    )
    assert reply.status_code >= 400
    assert "is there again" in reply.json()["error"]["message"]
    repository_folder(REPO).rmdir()
    send(owned, "POST", "/models/restore", {"id": deleted["id"]})
    assert REPO in ids(owned)


def test_what_is_not_ours_is_refused_with_the_reason(owned: LiveServer, home: Path) -> None:
    told = refused(owned, "POST", "/models/delete", {"model": "demo"})["message"]
    assert "demo comes with the program" in told
    folder = home / "mine" / "maker" / "copy"
    shutil.copytree(DEMOS["demo"], folder)
    send(owned, "POST", "/folders", {"path": str(home / "mine")})
    told = refused(owned, "POST", "/models/delete", {"model": "maker/copy"})["message"]
    assert "is in one of your folders" in told
    assert folder.is_dir()


def test_a_model_on_its_way_is_not_deleted(
    owned: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwen3mlx.hub.jobs.AT_ONCE", 0)
    job = send(owned, "POST", "/downloads", {"model": REPO})
    told = refused(owned, "POST", "/models/delete", {"model": REPO})["message"]
    assert told == f"{REPO} is being downloaded: remove its download first."
    assert job["status"] == "queued"
    assert REPO in ids(owned)


def test_a_link_in_the_cache_is_not_followed(owned: LiveServer, cache: Path, home: Path) -> None:
    repository_folder(REPO).rename(home / "elsewhere")
    repository_folder(REPO).symlink_to(home / "elsewhere")
    body = {"model": REPO}
    reply = owned.http.post("/api/qwen3mlx/models/delete", json=body, headers=owned.person)
    assert "is a link: delete it, and what it leads to" in reply.json()["error"]["message"]
    assert (home / "elsewhere" / "refs" / "main").is_file()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_named(owned: LiveServer, cache: Path) -> None:
    cache.chmod(0o500)
    try:
        reply = owned.http.post(
            "/api/qwen3mlx/models/delete", json={"model": REPO}, headers=owned.person
        )
    finally:
        cache.chmod(0o700)
    assert "cannot be deleted" in reply.json()["error"]["message"]
    assert REPO in ids(owned)
