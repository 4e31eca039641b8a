"""What the models page offers to download, and how downloads go."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QAbstractButton, QProgressBar, QScrollArea
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Download
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.models.get_models import GetModels
from qwen3mlx_app.views.models.offer_row import OfferRow
from qwen3mlx_app.views.sizes import count_text

from ..fake_endpoint import MODEL, FakeEndpoint
from .support import button, named, program_of, visible_texts

DOWNLOADS = "/api/qwen3mlx/downloads"


def offer(name: str, gigabytes: float, decode_tps: float | None, **fields: Any) -> dict[str, Any]:
    return {
        **MODEL["fit"],
        "name": name,
        "model": f"Qwen/{name.replace(':', '-')}-MLX-4bit",
        "download": f"hf:Qwen/{name.replace(':', '-')}-MLX-4bit",
        "capabilities": ["chat", "tools"],
        "size_bytes": round(gigabytes * 1e9),
        "largest_context": 40960,
        "speed": None if decode_tps is None else {"decode_tps": decode_tps, "prefill_tps": 300.0},
        **fields,
    }


OFFERS = [
    offer("qwen3:0.6b", 0.6, 61.2),
    offer("qwen3:4b", 2.1, 29.6),
    offer("qwen3:8b", 4.4, 19.4),
    offer("qwen3:32b", 17.4, None, verdict="too-large", needed_bytes=22_000_000_000),
    offer("qwen3-coder:30b-a3b", 3.0, 25.0),
    offer("qwen3-embedding:0.6b", 0.5, 60.0, capabilities=["embedding"]),
]


@pytest.fixture
def page(window: MainWindow, fake: FakeEndpoint, qtbot: QtBot) -> GetModels:
    fake.replies["/api/qwen3mlx/fit"] = (200, json.dumps({"models": OFFERS}).encode())
    window.show_page("models")
    shown = window.page.findChild(GetModels)
    assert isinstance(shown, GetModels)
    qtbot.waitUntil(lambda: program_of(window).downloads.offers.rowCount() == len(OFFERS))
    return shown


def rows(page: GetModels) -> dict[str, list[str]]:
    """What each visible row says, by the model's name."""
    page.window().repaint()
    found = [row for row in page.findChildren(OfferRow) if row.isVisible()]
    found.sort(key=lambda row: row.y())
    return {texts[0]: texts[1:] for texts in map(visible_texts, found)}


def job(**fields: Any) -> Download:
    known = {
        "id": "job_1",
        "model": "Qwen/qwen3-8b-MLX-4bit",
        "status": "downloading",
        "downloaded_bytes": 1_100_000_000,
        "total_bytes": 4_400_000_000,
        "bytes_per_second": 25_000_000,
        "error": None,
    }
    return Download(**{**known, **fields})


def test_nothing_is_asked_before_the_page_is_seen(window: MainWindow, fake: FakeEndpoint) -> None:
    assert not [path for _, path in fake.requests if path.endswith("/fit")]


def test_offers_come_when_the_server_is_back(
    window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    refused = {"error": {"message": "Busy.", "code": "busy"}}
    fake.replies["/api/qwen3mlx/fit"] = (503, json.dumps(refused).encode())
    downloads = program_of(window).downloads
    window.show_page("models")
    qtbot.waitUntil(lambda: "Busy." in [one.text for one in program_of(window).notices.shown])
    fake.replies["/api/qwen3mlx/fit"] = (200, json.dumps({"models": OFFERS}).encode())
    downloads.watch()
    qtbot.waitUntil(lambda: downloads.offers.rowCount() == len(OFFERS))


def test_what_suits_this_computer_goes_first(page: GetModels) -> None:
    shown = rows(page)
    assert {name: texts[0].split(" · ")[0] for name, texts in shown.items()} == {
        "qwen3:8b": "Best for this computer",
        "qwen3:4b": "Fast",
        "qwen3-coder:30b-a3b": "For code",
        "qwen3-embedding:0.6b": "For search in texts",
    }
    assert shown["qwen3:8b"][0] == (
        "Best for this computer · Qwen · 4.4 GB · "
        f"context of up to {count_text(40960)} tokens · about 19 tokens/s"
    )


def test_480_pixels_are_enough_for_offers(
    page: GetModels, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(480, 700)
    (area,) = window.page.findChildren(QScrollArea)
    qtbot.waitUntil(lambda: area.horizontalScrollBar().maximum() == 0)


def test_all_can_be_shown(page: GetModels) -> None:
    button(page, "Show All Models").click()
    shown = rows(page)
    assert list(shown)[-2:] == ["qwen3:0.6b", "qwen3:32b"]
    assert shown["qwen3:32b"] == ["Qwen · 17.4 GB · Too large: needs 22.0 GB of 10.0 GB"]
    button(page, "Show Fewer Models").click()
    assert "qwen3:32b" not in rows(page)


def test_a_download_is_asked_for_by_its_button_alone(
    page: GetModels, window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    reply = {name: getattr(job(status="queued"), name) for name in Download.__slots__}
    fake.replies[DOWNLOADS] = (200, json.dumps(reply).encode())
    assert ("POST", DOWNLOADS) not in fake.requests
    button(page, "Download qwen3:8b").click()
    qtbot.waitUntil(lambda: program_of(window).downloads.jobs.rowCount() == 1)
    assert ("POST", DOWNLOADS) in fake.requests
    assert rows(page)["qwen3:8b"][-1] == "1.1 GB of 4.4 GB · waiting for its turn"


@pytest.mark.parametrize(
    ("fields", "said", "buttons"),
    [
        ({}, "1.1 GB of 4.4 GB · 25.0 MB/s · 2 min left", ["Pause"]),
        ({"total_bytes": None, "bytes_per_second": 0}, "1.1 GB of …", ["Pause"]),
        ({"status": "paused"}, "1.1 GB of 4.4 GB · paused", ["Continue", "Remove"]),
        (
            {"status": "failed", "error": "No <b>room</b>."},
            "No <b>room</b>.",
            ["Continue", "Remove"],
        ),
        ({"error": "The hub is busy."}, "The hub is busy.", ["Pause"]),
    ],
)
def test_a_row_says_how_its_download_goes(
    page: GetModels, window: MainWindow, fields: dict[str, Any], said: str, buttons: list[str]
) -> None:
    program_of(window).downloads.jobs.set_values([job(**fields)])
    assert rows(page)["qwen3:8b"][-1] == said
    row = next(row for row in page.findChildren(OfferRow) if "qwen3:8b" in visible_texts(row))
    shown = [one.text() for one in row.findChildren(QAbstractButton) if one.isVisible()]
    assert sorted(shown) == buttons
    bar = named(row, QProgressBar, "Download of qwen3:8b")
    assert isinstance(bar, QProgressBar)
    assert bar.isVisible()
    assert (bar.value(), bar.maximum()) == ((25, 100) if fields.get("total_bytes", 1) else (0, 0))


@pytest.mark.parametrize(
    ("status", "name", "asked"),
    [
        ("downloading", "Pause qwen3:8b", ("POST", f"{DOWNLOADS}/pause")),
        ("paused", "Continue qwen3:8b", ("POST", f"{DOWNLOADS}/resume")),
        ("failed", "Remove qwen3:8b", ("DELETE", DOWNLOADS)),
    ],
)
def test_its_buttons(
    page: GetModels,
    window: MainWindow,
    fake: FakeEndpoint,
    qtbot: QtBot,
    status: Any,
    name: str,
    asked: tuple[str, str],
) -> None:
    program_of(window).downloads.jobs.set_values([job(status=status)])
    button(page, name).click()
    qtbot.waitUntil(lambda: asked in fake.requests)


def test_a_download_of_another_model_is_shown_as_well(page: GetModels, window: MainWindow) -> None:
    other = job(model="Qwen/qwen3-0.6b-MLX-4bit")
    program_of(window).downloads.jobs.set_values([other])
    assert "qwen3:0.6b" in rows(page)


def test_no_row_moves_when_its_download_begins(page: GetModels, window: MainWindow) -> None:
    button(page, "Show All Models").click()
    before = list(rows(page))
    program_of(window).downloads.jobs.set_values([job(model="Qwen/qwen3-32b-MLX-4bit")])
    assert list(rows(page)) == before


def test_what_is_here_is_not_offered(
    page: GetModels, window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    models = [MODEL, {**MODEL, "id": "Qwen/qwen3-8b-MLX-4bit"}]
    reply = json.dumps({"models": models, "skipped": []}).encode()
    fake.replies["/api/qwen3mlx/models"] = (200, reply)
    with qtbot.waitSignal(program_of(window).models.refreshed):
        program_of(window).models.refresh()
    assert "On this computer" in rows(page)["qwen3:8b"]
    with pytest.raises(AssertionError):
        button(page, "Download qwen3:8b")


def test_what_has_arrived_and_what_failed_is_told(
    window: MainWindow, deliver: Callable[[list[Download]], None]
) -> None:
    deliver([job(), job(id="job_2", model="Qwen/x")])
    deliver(
        [job(status="completed"), job(id="job_2", model="Qwen/x", status="failed", error="No.")]
    )
    shown = program_of(window).notices.shown
    assert [notice.text for notice in shown[-2:]] == ["qwen3-8b-MLX-4bit is downloaded.", "No."]
    deliver([job(status="completed")])
    assert program_of(window).notices.shown == shown


@pytest.fixture
def deliver(window: MainWindow) -> Callable[[list[Download]], None]:
    """As the server reports them."""
    return program_of(window).downloads._on_jobs
