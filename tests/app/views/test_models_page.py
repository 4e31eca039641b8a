"""The models page: what each model is, into memory and out, and what is set for it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.models.model_card import ModelCard

from ..fake_endpoint import MODEL, FakeEndpoint
from .support import button, named, program_of, visible_texts


def other(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(MODEL), "state": "not-loaded", "loaded": None, **fields}


MODELS = [
    MODEL,
    other(id="Qwen/Qwen3-8B", source="cache", publisher="Qwen", size_bytes=16_400_000_000),
    other(id="Qwen/Qwen3-0.6B", source="cache", publisher="Qwen", max_context_length=40960),
    other(id="me/Tiny", source="folder", fit={**MODEL["fit"], "verdict": "too-large"}),
]


@pytest.fixture
def page(window: MainWindow, fake: FakeEndpoint, qtbot: QtBot) -> Any:
    reply = json.dumps({"models": MODELS, "skipped": []}).encode()
    fake.replies["/api/qwen3mlx/models"] = (200, reply)
    window.show_page("models")
    with qtbot.waitSignal(program_of(window).models.refreshed):
        program_of(window).models.refresh()
    return window.page


def cards(page: Any) -> dict[str, ModelCard]:
    """By the model's name, from top to bottom."""
    page.layout().activate()
    QApplication.processEvents()
    visible = [one for one in page.findChildren(ModelCard) if one.isVisible()]
    visible.sort(key=lambda one: one.mapTo(page, QPoint()).y())
    return {visible_texts(one)[0]: one for one in visible}


def names(page: Any) -> list[str]:
    return list(cards(page))


def texts(page: Any, name: str) -> str:
    return "\n".join(visible_texts(cards(page)[name]))


def test_a_card_says_size_and_fit(page: Any) -> None:
    assert "16.4 GB" in texts(page, "Qwen3-8B")
    assert "Fits: needs 6.0 MB of 10.0 GB" in texts(page, "demo")
    assert "Too large" in texts(page, "Tiny")
    assert not button(page, "Load Tiny").isEnabled()


def test_those_in_memory_go_first_and_the_order_can_be_chosen(page: Any) -> None:
    assert names(page) == ["demo", "Qwen3-0.6B", "Qwen3-8B", "Tiny"]
    order = named(page, QComboBox, "Sort by")
    assert isinstance(order, QComboBox)
    order.setCurrentIndex(order.findData("size"))
    order.activated.emit(order.currentIndex())
    assert names(page)[-1] == "Qwen3-8B"


def test_the_filter_leaves_what_is_looked_for(page: Any, qtbot: QtBot) -> None:
    field = named(page, QLineEdit, "Filter models")
    qtbot.keyClicks(field, "qwen3-8")
    assert names(page) == ["Qwen3-8B"]
    qtbot.keyClicks(field, "zz")
    assert names(page) == []
    assert "No matching models" in visible_texts(page)


def test_with_only_the_demo_it_says_how_to_get_more(
    window: MainWindow, page: Any, fake: FakeEndpoint, qtbot: QtBot
) -> None:

    def says_how() -> bool:
        return any("LM Studio appear here" in text for text in visible_texts(page))

    assert not says_how()
    del fake.replies["/api/qwen3mlx/models"]
    with qtbot.waitSignal(program_of(window).models.refreshed):
        program_of(window).models.refresh()
    assert says_how()
    assert not named(page, QLineEdit, "Filter models").isVisible()


def test_load_and_unload_are_asked_for(
    window: MainWindow, page: Any, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    button(page, "Unload demo").click()
    qtbot.waitUntil(lambda: ("POST", "/api/qwen3mlx/models/unload") in fake.requests)
    one = cards(page)["Qwen3-0.6B"]
    button(one, "Load Qwen3-0.6B").click()
    assert named(one, QProgressBar, "Loading").isVisible()
    qtbot.waitUntil(lambda: ("POST", "/api/qwen3mlx/models/load") in fake.requests)


def test_what_is_set_is_sent_whole(
    window: MainWindow, page: Any, fake: FakeEndpoint, qtbot: QtBot, monkeypatch: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        program_of(window).models, "save_settings", lambda model, what: sent.append((model, what))
    )
    one = cards(page)["Qwen3-0.6B"]
    button(one, "Qwen3-0.6B settings").click()
    for name, text in (("Context length", "65536"), ("Unload after idle (min)", "2.5")):
        field = named(one, QLineEdit, name)
        assert isinstance(field, QLineEdit)
        field.setText(text)
        field.editingFinished.emit()
    temperature = named(one, QLineEdit, "Temperature")
    assert isinstance(temperature, QLineEdit)
    assert temperature.placeholderText() == "0.6"
    temperature.setText("0.5")
    temperature.editingFinished.emit()
    for name, value in (("Context extension (YaRN)", 2), ("KV cache", 8)):
        box = named(one, QComboBox, name)
        assert isinstance(box, QComboBox)
        box.setCurrentIndex(box.findData(value))
    next(b for b in one.findChildren(QPushButton) if b.text() == "Save").click()
    model_id, settings = sent[0]
    assert model_id == "Qwen/Qwen3-0.6B"
    assert (settings.context_length, settings.ttl, settings.kv_bits) == (65536, 150, 8)
    assert settings.rope_scaling == {
        "rope_type": "yarn",
        "factor": 2.0,
        "original_max_position_embeddings": 32768,
    }
    assert settings.sampling == {"temperature": 0.5}
    assert not named(one, QLineEdit, "Context length").isVisible()


def test_a_folder_line_can_be_removed(
    window: MainWindow, page: Any, fake: FakeEndpoint, qtbot: QtBot, tmp_path: Path
) -> None:
    from qwen3mlx_app.domain import ModelFolder

    folders = [
        ModelFolder(path="/cache", source="cache", exists=False, num_models=0),
        ModelFolder(path=str(tmp_path), source="user", exists=True, num_models=3),
    ]
    program_of(window).models.folders_changed.emit(folders)
    qtbot.waitUntil(lambda: "Models: 3" in visible_texts(page))
    lines = visible_texts(page)
    assert "Missing" in lines
    qtbot.waitUntil(lambda: named(page, QPushButton, f"Remove {tmp_path}").isVisible())
    button(page, f"Remove {tmp_path}").click()
    qtbot.waitUntil(
        lambda: any(
            method == "DELETE" and path.startswith("/api/qwen3mlx/folders")
            for method, path in fake.requests
        )
    )
