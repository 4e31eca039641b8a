"""Search on hubs, on the Models page: what is found, its cards, and what can go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ServerState
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.models.find_models import FindModels
from qwen3mlx_app.views.models.hit_row import HitRow
from qwen3mlx_app.views.sizes import count_text

from ..fake_endpoint import MODEL, FakeEndpoint
from .support import button, named, program_of, visible_texts
from .test_get_models import DOWNLOADS, job

SEARCH = "/api/qwen3mlx/search"
CARD = "/api/qwen3mlx/search/card"


def hit(repo_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "model": repo_id,
        "download": f"hf:{repo_id}",
        "downloads": 12345,
        "updated": "2026-01-31",
        "size_bytes": 4_600_000_000,
        "fit": {**MODEL["fit"], "largest_context": 40960},
        "speed": {"decode_tps": 19.4, "prefill_tps": 300.0},
        **fields,
    }


def reply(fake: FakeEndpoint, *hits: dict[str, Any]) -> None:
    told = {"source": "hf", "models": list(hits)}
    fake.replies[SEARCH] = (200, json.dumps(told).encode())


@pytest.fixture
def page(window: MainWindow) -> FindModels:
    window.show_page("models")
    shown = window.page.findChild(FindModels)
    assert isinstance(shown, FindModels)
    return shown


def search(page: FindModels, qtbot: QtBot, words: str = "coder") -> None:
    field = named(page, QLineEdit, "Search for models")
    assert isinstance(field, QLineEdit)
    field.setText(words)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    controller = page._search
    qtbot.waitUntil(lambda: controller.state in ("found", "failed"))


def rows(page: FindModels) -> list[HitRow]:
    return [row for row in page.findChildren(HitRow) if row.isVisibleTo(page)]


def test_nothing_is_asked_before_enter(page: FindModels, fake: FakeEndpoint, qtbot: QtBot) -> None:
    field = named(page, QLineEdit, "Search for models")
    qtbot.keyClicks(field, "coder")
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    button(page, "Search the hub")
    assert not [path for _, path in fake.requests if path.startswith(SEARCH)]
    assert "Finds Qwen3 models that others have published" in visible_texts(page)[0]


def test_what_is_found_has_its_size_and_whether_it_fits(
    page: FindModels, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    reply(
        fake,
        hit("Qwen/Qwen3-8B-MLX-4bit"),
        hit("a/Huge", fit={**MODEL["fit"], "verdict": "too-large", "needed_bytes": 22_000_000_000}),
        hit("a/Unknown", size_bytes=None, fit=None, speed=None),
    )
    search(page, qtbot, "8b")
    assert ("GET", f"{SEARCH}?words=8b&source=hf") in fake.requests
    said = {texts[0]: texts[-1] for texts in map(visible_texts, rows(page))}
    assert said == {
        "Qwen/Qwen3-8B-MLX-4bit": (
            f"4.6 GB · context of up to {count_text(40960)} tokens · about 19 tokens/s · "
            f"{count_text(12345)} downloads"
        ),
        "a/Huge": f"4.6 GB · Too large: needs 22.0 GB of 10.0 GB · {count_text(12345)} downloads",
        "a/Unknown": f"size not known · {count_text(12345)} downloads",
    }


def test_the_hub_that_is_chosen_is_asked(
    page: FindModels, window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    box = named(page, QComboBox, "Hub to search")
    assert isinstance(box, QComboBox)
    hubs = program_of(window).downloads.search
    hubs.prefer("kaggle")  # which cannot be searched
    assert box.currentText() == "Hugging Face"
    hubs.prefer("modelscope")  # the server's setting
    assert box.currentText() == "ModelScope"
    box.setCurrentIndex(box.findText("Hugging Face"))
    box.activated.emit(box.currentIndex())
    hubs.prefer("modelscope")
    reply(fake)
    search(page, qtbot)
    assert ("GET", f"{SEARCH}?words=coder&source=hf") in fake.requests
    assert visible_texts(page) == [
        "Nothing was found that can run here. Use fewer words, or another hub."
    ]


def test_its_download_is_shown_where_it_was_found(
    page: FindModels, window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    reply(fake, hit("demo"), hit("org/Tuned", download="modelscope:org/Tuned"))
    search(page, qtbot)
    assert "On this computer" in visible_texts(rows(page)[0])
    button(page, "Download org/Tuned").click()
    qtbot.waitUntil(lambda: (DOWNLOADS, {"model": "modelscope:org/Tuned"}) in fake.sent)
    program_of(window).downloads.jobs.set_values([job(model="org/Tuned")])
    assert "1.1 GB of 4.4 GB · 25.0 MB/s · 2 min left" in visible_texts(rows(page)[1])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ((200, b"<html>Log in</html>"), "The server sent an invalid response."),
        ((502, b'{"error": {"message": "The hub <b>is</b> busy.", "code": "x"}}'), "The hub <b>"),
    ],
)
def test_a_failure_is_said_in_the_place_of_what_was_found(
    page: FindModels, fake: FakeEndpoint, qtbot: QtBot, broken: tuple[int, bytes], said: str
) -> None:
    reply(fake, hit("org/Tuned"))
    search(page, qtbot)
    assert rows(page)
    fake.replies[SEARCH] = broken
    search(page, qtbot)
    assert rows(page) == []
    assert visible_texts(page)[0].startswith(said)


def test_without_a_server_it_says_so(
    page: FindModels, window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    program_of(window).process._set(ServerState(phase="stopped"))
    search(page, qtbot)
    assert "server" in visible_texts(page)[0]


def test_a_card_is_shown_as_text_and_asked_for_once(
    page: FindModels, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    text = "# Tuned\n<img src='http://evil.example/x.png'>\x1b[31m"
    reply(fake, hit("org/Tuned"))
    fake.replies[CARD] = (404, b'{"error": {"message": "It has no model card.", "code": "y"}}')
    search(page, qtbot)
    (row,) = rows(page)
    card = row.findChild(QPlainTextEdit)
    assert card is not None
    toggle = button(row, "Model card of org/Tuned")
    toggle.click()
    shown: Callable[[], str] = card.toPlainText
    qtbot.waitUntil(lambda: "no model card" in shown())
    fake.replies[CARD] = (200, json.dumps({"text": text}).encode())
    for _ in range(2):
        toggle.click()
    qtbot.waitUntil(lambda: shown().startswith("# Tuned\n<img src="))
    assert "\x1b" not in shown()
    asked = [path for _, path in fake.requests if path.startswith(CARD)]
    for _ in range(4):
        toggle.click()
    assert [path for _, path in fake.requests if path.startswith(CARD)] == asked
    assert asked[-1] == f"{CARD}?model=hf%3Aorg%2FTuned"
    assert card.tabChangesFocus()


def test_every_control_is_reached_by_tab_and_named(
    page: FindModels, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    reply(fake, hit("org/Tuned"))
    search(page, qtbot)
    controls = {
        one.accessibleName(): one
        for one in page.findChildren(QAbstractButton)
        if one.isVisibleTo(page) and one.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    assert sorted(controls) == ["Download org/Tuned", "Model card of org/Tuned", "Search the hub"]
