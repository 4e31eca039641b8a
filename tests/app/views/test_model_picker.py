"""The model picker: search, what each model is, loading, ejecting, options."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLineEdit, QListView
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.model_picker import ModelPicker
from qwen3mlx_app.views.models import ModelsPage

from ..fake_endpoint import MODEL, FakeEndpoint
from .support import button, named, program_of, visible_texts

LOADS, UNLOADS = "/api/qwen3mlx/models/load", "/api/qwen3mlx/models/unload"


def other(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(MODEL), "state": "not-loaded", "loaded": None, **fields}


MODELS = [
    other(id="Qwen/Qwen3-8B", params="8B", quantization="4-bit", size_bytes=4_600_000_000),
    other(id="me/Big", params="32B", fit={**MODEL["fit"], "verdict": "too-large"}),
    other(
        id="me/Tight",
        params="14B",
        fit={**MODEL["fit"], "verdict": "tight", "largest_context": 2048},
    ),
    other(id="me/Embedding", is_chat=False, is_embedding=True),
    MODEL,
]


def told(
    window: MainWindow,
    fake: FakeEndpoint,
    qtbot: QtBot,
    models: list[dict[str, Any]],
    *broken: dict[str, str],
) -> None:
    """The server tells of these models."""
    reply = json.dumps({"models": models, "skipped": broken}).encode()
    fake.replies["/api/qwen3mlx/models"] = (200, reply)
    with qtbot.waitSignal(program_of(window).models.refreshed):
        program_of(window).models.refresh()


@pytest.fixture
def picker(window: MainWindow, fake: FakeEndpoint, qtbot: QtBot) -> ModelPicker:
    told(window, fake, qtbot, MODELS)
    qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.chat.picker.isVisible()
    return window.chat.picker


def rows(picker: ModelPicker) -> list[str]:
    view = named(picker, QListView, "Models")
    assert isinstance(view, QListView)
    model = view.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_it_says_size_quantization_fit_and_state_of_each_chat_model(picker: ModelPicker) -> None:
    assert rows(picker) == [
        "demo · 2M · not quantized · 5.0 MB · fits · Loaded",
        "Big · 32B · not quantized · 5.0 MB · too large",
        "Qwen3-8B · 8B · 4-bit · 4.6 GB · fits",
        "Tight · 14B · not quantized · 5.0 MB · context up to 2048",
    ]
    assert picker.selected is not None
    assert picker.selected.id == "demo"  # the one in use


def test_it_finds_and_takes_a_model_by_the_keyboard(
    window: MainWindow, picker: ModelPicker, qtbot: QtBot
) -> None:
    qtbot.keyClicks(picker.field, "8b 4bit")
    assert [row.split(" · ")[0] for row in rows(picker)] == ["Qwen3-8B"]
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert not picker.isVisible()
    assert program_of(window).chat.model_id == "Qwen/Qwen3-8B"
    assert window.chat.composer.model.text() == "Qwen3-8B"
    assert window.focusWidget() is window.chat.composer.text


def test_a_click_on_the_button_opens_it_and_beside_it_closes_it(
    window: MainWindow, picker: ModelPicker, qtbot: QtBot
) -> None:
    qtbot.keyClick(picker.field, Qt.Key.Key_Escape)
    assert not picker.isVisible()
    qtbot.mouseClick(window.chat.composer.model, Qt.MouseButton.LeftButton)
    assert picker.isVisible()
    sheet = picker.findChild(QFrame, "sheet")
    assert sheet is not None
    top = picker.mapFromGlobal(window.chat.composer.model.mapToGlobal(QPoint())).y()
    assert sheet.geometry().bottom() < top
    assert picker.rect().contains(sheet.geometry())
    qtbot.mouseClick(picker, Qt.MouseButton.LeftButton, pos=QPoint(picker.width() - 3, 3))
    assert not picker.isVisible()


def test_whoever_has_chosen_a_model_writes_next(
    window: MainWindow, picker: ModelPicker, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    """A button that had the focus before would take the first space for a click."""
    qtbot.keyClick(picker.field, Qt.Key.Key_Escape)
    attach = button(window, "Attach files")
    attach.setFocus()
    qtbot.mouseClick(window.chat.composer.model, Qt.MouseButton.LeftButton)
    qtbot.keyClick(picker.field, Qt.Key.Key_Down)
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert not picker.isVisible()
    assert window.chat.composer.text.hasFocus()


def test_it_loads_and_ejects_the_highlighted_model(
    picker: ModelPicker, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    button(picker, "Eject demo").click()
    qtbot.waitUntil(lambda: ("POST", UNLOADS) in fake.requests)
    qtbot.keyClicks(picker.field, "8b")
    button(picker, "Load Qwen3-8B").click()
    qtbot.waitUntil(lambda: ("POST", LOADS) in fake.requests)
    assert picker.isVisible()
    picker.field.clear()
    qtbot.keyClicks(picker.field, "big")
    assert not button(picker, "Load Big").isEnabled()


def test_progress_is_shown_and_the_highlighted_model_stays(
    window: MainWindow, picker: ModelPicker, qtbot: QtBot
) -> None:
    qtbot.keyClick(picker.field, Qt.Key.Key_Down)
    qtbot.keyClick(picker.field, Qt.Key.Key_Down)
    program_of(window).models.show_progress("Qwen/Qwen3-8B", 0.4)
    assert any(row.startswith("Qwen3-8B") and row.endswith("Loading 40%") for row in rows(picker))
    assert picker.selected is not None
    assert picker.selected.name == "Qwen3-8B"
    assert button(picker, "Cancel Qwen3-8B").isEnabled()


def test_its_options_are_saved_and_count_when_it_is_loaded(
    picker: ModelPicker, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    qtbot.keyClicks(picker.field, "8b")
    button(picker, "Load Options…").click()
    assert not picker.field.isVisible()
    assert "Qwen3-8B" in visible_texts(picker)
    context = named(picker, QLineEdit, "Context length (tokens)")
    assert isinstance(context, QLineEdit)
    context.setFocus()
    assert picker.isVisible()
    qtbot.keyClicks(context, "2048")
    qtbot.keyClick(context, Qt.Key.Key_Return)
    button(picker, "Load").click()
    qtbot.waitUntil(lambda: ("POST", LOADS) in fake.requests)
    qtbot.keyClick(button(picker, "Back to models"), Qt.Key.Key_Space)
    assert picker.field.hasFocus()
    assert len(rows(picker)) == 1


def test_a_loaded_model_is_reloaded_with_its_options(
    picker: ModelPicker, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    gone = {**MODEL, "state": "not-loaded", "loaded": None}
    fake.replies[UNLOADS] = (200, json.dumps(gone).encode())
    button(picker, "Load Options…").click()
    button(picker, "Reload").click()
    qtbot.waitUntil(lambda: ("POST", LOADS) in fake.requests)
    asked = [path for _, path in fake.requests if path in (LOADS, UNLOADS)]
    assert asked == [UNLOADS, LOADS]


def test_it_leads_to_the_models_page(window: MainWindow, picker: ModelPicker) -> None:
    button(picker, "Manage Models").click()
    assert not picker.isVisible()
    assert isinstance(window.page, ModelsPage)


BROKEN = {"name": "me/Half", "reason": "model-00002-of-00004.safetensors is missing."}


def test_a_broken_model_says_so_and_cannot_be_taken(
    window: MainWindow, picker: ModelPicker, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    told(window, fake, qtbot, MODELS, BROKEN, BROKEN)
    assert rows(picker)[-1] == f"me/Half · {BROKEN['reason']} · Cannot be loaded"
    assert len(rows(picker)) == 5
    qtbot.keyClicks(picker.field, "half")
    assert rows(picker)[0].startswith("me/Half")
    assert not button(picker, "Load").isEnabled()
    assert not button(picker, "Load Options…").isEnabled()
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert picker.isVisible()
    assert program_of(window).chat.model_id == "demo"
    told(window, fake, qtbot, MODELS, BROKEN)  # it stays highlighted
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert picker.isVisible()
    picker.field.setText("demo")
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert not picker.isVisible()
    window.show_page("models")
    texts = visible_texts(window.page)
    assert {"Cannot Be Loaded", "me/Half", BROKEN["reason"]} <= set(texts)
    told(window, fake, qtbot, MODELS)
    assert "Cannot Be Loaded" not in visible_texts(window.page)


def test_sixty_models_are_all_found_and_reached_by_the_keyboard(
    window: MainWindow, picker: ModelPicker, fake: FakeEndpoint, qtbot: QtBot
) -> None:
    many = [other(id=f"lab/Qwen3-{number:02}B-mlx") for number in range(60)]
    told(window, fake, qtbot, [*many, MODEL], BROKEN)
    assert len(rows(picker)) == 62
    for _ in range(10):
        qtbot.keyClick(picker.field, Qt.Key.Key_PageDown)
    view = named(picker, QListView, "Models")
    assert isinstance(view, QListView)
    assert picker.selected is not None
    assert picker.selected.name == "Qwen3-59B-mlx"
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))
    for _ in range(9):
        qtbot.keyClick(picker.field, Qt.Key.Key_PageUp)
    qtbot.keyClick(picker.field, Qt.Key.Key_Down)
    assert picker.selected.name == "Qwen3-06B-mlx"
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))
    qtbot.keyClicks(picker.field, "47b")
    assert rows(picker)[0].startswith("Qwen3-47B-mlx ")
    qtbot.keyClick(picker.field, Qt.Key.Key_Return)
    assert program_of(window).chat.model_id == "lab/Qwen3-47B-mlx"
