"""The window's view of downloads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ....hub import conftest as hub
from ....hub.fake_hub import FakeHub
from ...live import LiveServer
from .support import BASE, events, get, refused, send

fake_hub = hub.fake_hub


def wait_for(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def job(server: LiveServer, job_id: str) -> Any:
    return next(each for each in get(server, "/downloads")["downloads"] if each["id"] == job_id)


@pytest.fixture
def slow(fake_hub: FakeHub) -> FakeHub:
    return hub.slowed(fake_hub)


def test_a_download_is_paused_moved_resumed_and_watched(server: LiveServer, slow: FakeHub) -> None:
    started = send(server, "POST", "/downloads", {"model": hub.REPO})
    assert started["model"] == hub.REPO
    number = {"id": started["id"]}
    wait_for(lambda: job(server, started["id"])["downloaded_bytes"] > 0)
    assert send(server, "POST", "/downloads/pause", number)["status"] == "paused"
    send(server, "POST", "/downloads/move", {**number, "position": 0})
    assert get(server, "/downloads")["downloads"][0]["id"] == started["id"]
    slow.delays.clear()
    with server.http.stream("GET", f"{BASE}/downloads/events", headers=server.person) as reply:
        told = events(reply)
        assert next(told)[0] == "downloads"
        send(server, "POST", "/downloads/resume", number)
        states = (each for _, data in told for each in data["downloads"])
        end = next(each for each in states if each["status"] == "completed")
    assert end["downloaded_bytes"] == end["total_bytes"]
    assert (end["error"], end["error_code"]) == (None, None)
    send(server, "DELETE", "/downloads", number)
    assert get(server, "/downloads")["downloads"] == []


def test_what_cannot_be_is_refused(server: LiveServer, fake_hub: FakeHub) -> None:
    for method, path in (("POST", "/pause"), ("POST", "/resume"), ("DELETE", "")):
        reply = server.http.request(
            method, f"{BASE}/downloads{path}", json={"id": "job_0"}, headers=server.person
        )
        assert reply.status_code == 404
        assert "no download with the id 'job_0'" in reply.json()["error"]["message"]
    move = {"id": "job_0", "position": -1}
    assert refused(server, "POST", "/downloads/move", move)["param"] == "position"
    assert refused(server, "POST", "/downloads", {})["param"] == "model"
    assert fake_hub.requests == []
