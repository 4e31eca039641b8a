"""The downloads, one click away from any page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Download
from qwen3mlx_app.views.downloads_button import DownloadsButton
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import button, program_of, visible_texts
from .test_get_models import DOWNLOADS, job


def sign(window: MainWindow) -> DownloadsButton:
    found = window.findChild(DownloadsButton)
    assert isinstance(found, DownloadsButton)
    return found


def put(window: MainWindow, *jobs: Download) -> None:
    program_of(window).downloads.jobs.set_values(list(jobs))


def opened(window: MainWindow) -> Any:
    sign(window).click()
    sheet = window.body.downloads
    assert sheet.isVisible()
    return sheet


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([{}], "25%"),
        ([{}, {"id": "b", "downloaded_bytes": 4_400_000_000}], "62%"),
        ([{"total_bytes": None, "status": "queued"}], "Waiting"),
        ([{"status": "paused"}, {"id": "b", "status": "failed"}], "Paused"),
        ([{"status": "failed"}], "Failed"),
    ],
)
def test_the_button_says_how_many_there_are_and_how_far(
    window: MainWindow, fields: list[dict[str, Any]], said: str
) -> None:
    assert not sign(window).isVisible()
    put(window, *(job(**each) for each in fields))
    assert sign(window).isVisible()
    assert sign(window).text() == said
    assert sign(window).accessibleName() == f"Downloads: {len(fields)}, {said}"
    put(window, job(status="completed"))
    assert not sign(window).isVisible()


@pytest.mark.parametrize("page", ["chat", "server"])
def test_it_is_one_click_away_from_any_page(window: MainWindow, page: str) -> None:
    window.show_page(page)
    put(window, job(), job(id="b", model="org/Other", status="failed", error="No <b>room</b>."))
    sheet = opened(window)
    assert set(visible_texts(sheet)) == {
        "Downloads",
        "qwen3-8b-MLX-4bit",
        "1.1 GB of 4.4 GB · 25.0 MB/s · 2 min left",
        "Other",
        "No <b>room</b>.",
    }
    focus = QApplication.focusWidget()
    assert isinstance(focus, QAbstractButton)
    assert focus.accessibleName() == "Pause qwen3-8b-MLX-4bit"


@pytest.mark.parametrize(
    ("status", "name", "asked"),
    [
        ("downloading", "Pause", ("POST", "/pause")),
        ("paused", "Continue", ("POST", "/resume")),
        ("failed", "Remove", ("DELETE", "")),
    ],
)
def test_its_buttons(
    window: MainWindow,
    fake: FakeEndpoint,
    qtbot: QtBot,
    status: Any,
    name: str,
    asked: tuple[str, str],
) -> None:
    put(window, job(status=status))
    verb, path = asked
    reply = {name: getattr(job(), name) for name in Download.__slots__}
    fake.replies[f"{DOWNLOADS}{path}"] = (200, json.dumps(reply).encode())
    button(opened(window), f"{name} qwen3-8b-MLX-4bit").click()
    qtbot.waitUntil(lambda: (verb, f"{DOWNLOADS}{path}") in fake.requests)
    if name == "Remove":
        qtbot.waitUntil(lambda: not window.body.downloads.isVisible())  # it was the last one


def test_escape_a_click_beside_it_and_the_button_close_it(window: MainWindow, qtbot: QtBot) -> None:
    put(window, job())
    sheet = opened(window)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert QApplication.focusWidget() is sign(window)
    opened(window)
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=QPoint(sheet.width() - 5, 5))
    assert not sheet.isVisible()
    opened(window)
    sign(window).click()
    assert not sheet.isVisible()


def test_it_leads_to_the_models(window: MainWindow) -> None:
    put(window, job())
    button(opened(window), "Get More Models").click()
    assert window.body.pages.name == "models"
    assert not window.body.downloads.isVisible()


def test_it_fits_into_a_small_window(window: MainWindow, qtbot: QtBot) -> None:
    put(window, *(job(id=str(n), model=f"org/{'long-' * 30}{n}") for n in range(12)))
    sheet = opened(window)
    window.resize(480, 400)
    qtbot.waitUntil(lambda: sheet.size() == window.body.size())
    assert window.body.rect().contains(sheet._sheet.geometry())
