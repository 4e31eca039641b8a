"""The models page: what each model is, into memory and out, and what is set for it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ModelSettings
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


SETTINGS = "/api/qwen3mlx/models/settings"


@pytest.fixture
def form(page: Any, fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """The settings of Qwen3-0.6B, which the server keeps as they are sent."""
    usual = fake.reply

    def reply(method: str, path: str, body: Any) -> Any:
        if path != SETTINGS:
            return usual(method, path, body)
        settings = {name: value for name, value in body.items() if name != "model"}
        return {**next(one for one in MODELS if one["id"] == body["model"]), "settings": settings}

    monkeypatch.setattr(fake, "reply", reply)
    one = cards(page)["Qwen3-0.6B"]
    button(one, "Qwen3-0.6B settings").click()
    return one


def saved(window: MainWindow) -> ModelSettings:
    entry = program_of(window).models.models.find("Qwen/Qwen3-0.6B")
    assert entry is not None
    return entry.settings


def enter(form: ModelCard, name: str, text: str) -> None:
    field = named(form, QLineEdit, name)
    assert isinstance(field, QLineEdit)
    field.setText(text)
    field.editingFinished.emit()


def choose(form: ModelCard, name: str, value: Any) -> None:
    box = named(form, QComboBox, name)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_each_setting_is_saved_at_once(window: MainWindow, form: ModelCard, qtbot: QtBot) -> None:
    temperature = named(form, QLineEdit, "Temperature")
    assert isinstance(temperature, QLineEdit)
    assert temperature.placeholderText() == "0.6"
    enter(form, "Context length (tokens)", "65536")
    enter(form, "Unload after idle (min)", "2.5")
    enter(form, "Temperature", "0.5")
    choose(form, "Context extension (YaRN)", 2)
    choose(form, "KV cache", 8)
    scaling = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32768}
    expected = ModelSettings(
        context_length=65536,
        ttl=150,
        kv_bits=8,
        rope_scaling=scaling,
        sampling={"temperature": 0.5},
    )
    qtbot.waitUntil(lambda: saved(window) == expected)


def test_a_model_setting_can_be_undone_and_reset(
    window: MainWindow, form: ModelCard, qtbot: QtBot
) -> None:
    enter(form, "Context length (tokens)", "2048")
    qtbot.waitUntil(lambda: saved(window).context_length == 2048)
    text = "Qwen3-0.6B: Context length (tokens) was changed."
    assert text in visible_texts(window.notices)
    field = named(form, QLineEdit, "Context length (tokens)")
    assert isinstance(field, QLineEdit)
    button(window.notices, "Undo").click()
    qtbot.waitUntil(lambda: saved(window).context_length is None)
    assert field.text() == ""
    choose(form, "KV cache", 4)
    qtbot.waitUntil(lambda: saved(window).kv_bits == 4)
    button(form, "Reset to Model Defaults").click()
    qtbot.waitUntil(lambda: saved(window) == ModelSettings())
    box = named(form, QComboBox, "KV cache")
    assert isinstance(box, QComboBox)
    assert box.currentData() is None


def test_what_the_server_refuses_is_not_shown_as_saved(
    window: MainWindow, form: ModelCard, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    error = {"error": {"message": "No room.", "code": "not_saved"}}
    fake.replies[SETTINGS] = (507, json.dumps(error).encode())
    enter(form, "Context length (tokens)", "2048")
    field = named(form, QLineEdit, "Context length (tokens)")
    assert isinstance(field, QLineEdit)
    qtbot.waitUntil(lambda: field.text() == "")
    assert saved(window).context_length is None


def test_each_number_of_a_model_has_its_range(form: ModelCard) -> None:
    texts = " ".join(visible_texts(form))
    assert "What fits: 1 to 4096 tokens." in texts
    assert "Samples only from this many of the likeliest tokens. At least 0." in texts
    assert "Avoids tokens that have appeared. -2 to 2." in texts


def test_a_folder_line_can_be_removed(
    window: MainWindow, page: Any, fake: FakeEndpoint, qtbot: QtBot, tmp_path: Path
) -> None:
    from qwen3mlx_app.domain import ModelFolder

    folders = [
        ModelFolder(path="/cache", source="cache", exists=False, num_models=0),
        ModelFolder(path=str(tmp_path), source="user", exists=True, num_models=3),
    ]
    program_of(window).models.folders_changed.emit(folders)
    qtbot.waitUntil(lambda: "3 models" in visible_texts(page))
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


def test_a_model_is_deleted_by_its_button_and_undone_by_the_notice(
    page: Any, window: MainWindow, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    demo, mine = cards(page)["demo"], cards(page)["Qwen3-8B"]
    buttons = demo.findChildren(QToolButton)
    assert not [one for one in buttons if one.isVisible() and "Delete" in one.accessibleName()]
    reply = {"id": "held1", "model": "Qwen/Qwen3-8B", "size_bytes": 16_400_000_000}
    fake.replies["/api/qwen3mlx/models/delete"] = (200, json.dumps(reply).encode())
    left = json.dumps({"models": MODELS[:1], "skipped": []}).encode()
    fake.replies["/api/qwen3mlx/models"] = (200, left)
    button(mine, "Delete Qwen3-8B").click()
    qtbot.waitUntil(lambda: "Qwen3-8B was deleted." in visible_texts(window.notices))
    qtbot.waitUntil(lambda: names(page) == ["demo"])
    fake.replies["/api/qwen3mlx/models/restore"] = (200, json.dumps(MODELS[1]).encode())
    button(window.notices, "Undo").click()
    qtbot.waitUntil(lambda: ("/api/qwen3mlx/models/restore", {"id": "held1"}) in fake.sent)


def test_a_gguf_file_is_imported_from_the_page(
    page: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = program_of(window).imports
    asked: list[str] = []
    monkeypatch.setattr(imports, "start", asked.append)
    paths = iter(["", "/models/Tiny.gguf"])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (next(paths), ""))
    choose = button(page, "Import a GGUF file")
    choose.click()
    choose.click()
    assert asked == ["/models/Tiny.gguf"]
    imports._set("Tiny.gguf", 0.25)
    assert not choose.isVisible()
    assert "Tiny.gguf" in visible_texts(page)
    bar = named(page, QProgressBar, "Progress of the import")
    assert isinstance(bar, QProgressBar)
    assert bar.value() == 250
    assert button(page, "Stop the import").isEnabled()
    imports._set("", 0.0)
    assert choose.isVisible()
