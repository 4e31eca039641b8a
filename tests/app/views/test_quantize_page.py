"""The Quantize page: what is chosen is asked for, and what it cost is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QLabel
from pytestqt.qtbot import QtBot
from qwen3mlx_app.quantization import Quality, QuantizeJob, QuantizeState
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.quantize.charts import Chart
from qwen3mlx_app.views.quantize.job_card import JobCard
from qwen3mlx_app.views.quantize.results import ResultsTable

from .support import button, named, program_of, visible_texts

QUALITY = Quality(
    source="/m/Qwen3-0.6B",
    name="Qwen3-0.6B-4bit",
    size_bytes=335_000_000,
    bits_per_weight=4.5,
    kl_mean=0.03,
    kl_99=0.4,
    agreement=0.93,
    perplexity=12.3,
    reference_perplexity=11.9,
    edges=tuple(float(edge) for edge in range(-8, 3)),
    counts=(1, 2, 3, 4, 5, 6, 7, 3, 2, 1),
)


@pytest.fixture
def page(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Any:
    asked: list[Any] = []
    quantize = program_of(window).quantize
    monkeypatch.setattr(quantize, "estimate", lambda *what: asked.append(("estimate", *what)))
    monkeypatch.setattr(quantize, "start", lambda job: asked.append(("start", job)))
    window.show_page("quantize")
    made: Any = window.page
    made.asked = asked
    return made


def test_without_a_checkpoint_it_says_so_and_lets_one_be_chosen(
    window: MainWindow, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = program_of(window).models
    models.models.put(replace(models.models.value(0), quantization="8bit"))
    models.refreshed.emit()
    assert "No unquantized checkpoint found. Choose a folder." in visible_texts(page)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/m/Qwen3-0.6B")
    button(page, "Choose Folder…").click()
    assert page.asked[-1] == ("estimate", "/m/Qwen3-0.6B", "4bit")
    assert button(page, "Start")


def test_what_is_chosen_is_asked_for(window: MainWindow, page: Any, tmp_path: Path) -> None:
    quantize = program_of(window).quantize
    page.choose_folder("/m/Qwen3-0.6B")
    recipe, method = named(page, QComboBox, "Recipe"), named(page, QComboBox, "Method")
    assert isinstance(recipe, QComboBox)
    assert isinstance(method, QComboBox)
    recipe.setCurrentIndex(recipe.findData("8bit"))
    recipe.activated.emit(recipe.currentIndex())
    assert page.asked[-1] == ("estimate", "/m/Qwen3-0.6B", "8bit")
    quantize.estimated.emit(635_000_000, 8.51, "")
    assert "635.0 MB, 8.51 bits per weight · fits in 10.0 GB" in visible_texts(page)
    method.setCurrentIndex(method.findData("gptq"))
    button(page, "Start").click()
    kind, job = page.asked[-1]
    assert kind == "start"
    assert (job.recipe, job.method, job.measures) == ("8bit", "gptq", True)
    assert job.output.endswith("Qwen3-0.6B-8bit-gptq")
    recipe.setCurrentIndex(recipe.findData("mxfp4"))
    recipe.activated.emit(recipe.currentIndex())
    assert not method.isEnabled()


def test_an_estimate_that_fails_says_why(window: MainWindow, page: Any) -> None:
    page.choose_folder("/m/none")
    program_of(window).quantize.estimated.emit(None, None, "There is no folder /m/none.")
    assert "There is no folder /m/none." in visible_texts(page)
    assert not button(page, "Start").isEnabled()


def test_the_states_of_a_conversion(window: MainWindow, page: Any) -> None:
    quantize = program_of(window).quantize
    card = page.findChild(JobCard)
    assert not card.isVisible()
    job = QuantizeJob(source="/m/a", output="/o/a-4bit", recipe="4bit", method="mse")
    running = QuantizeState(phase="running", job=job, done=0.25, left_s=125)
    for state, title, text in (
        (running, "Converting a-4bit", "25%, about 2:05 remaining"),
        (replace(running, phase="paused"), "a-4bit paused", "Progress is saved"),
        (replace(running, phase="done"), "a-4bit is ready", "added to your models"),
        (replace(running, phase="failed", error="No room."), "a-4bit failed", "No room."),
    ):
        quantize.state = state
        quantize.state_changed.emit(state)
        assert card.isVisible()
        shown = visible_texts(card)
        assert title in shown
        assert any(text in one for one in shown)
    button(card, "Close").click()
    assert quantize.state.phase == "idle"


def test_what_several_cost_is_shown_and_can_be_taken_off(
    window: MainWindow, page: Any, qtbot: QtBot
) -> None:
    quantize = program_of(window).quantize
    assert "Quality loss" not in visible_texts(page)
    other = replace(QUALITY, name="Qwen3-0.6B-8bit", kl_mean=0.0004, size_bytes=635_000_000)
    quantize.qualities.put(QUALITY)
    quantize.qualities.put(other)
    quantize.qualities.put(replace(QUALITY, source="/m/old", name="old"))
    quantize.qualities.put(other)
    quantize.qualities.remove(("/m/old", "old"))
    assert "Quality loss" in visible_texts(page)

    def texts() -> list[str]:
        return visible_texts(page.findChild(ResultsTable))

    qtbot.waitUntil(lambda: {"0.0300", "93.0%"} <= set(texts()))
    for chart in page.findChildren(Chart):
        assert not chart.grab().isNull()
        assert "Qwen3-0.6B-8bit" in chart.accessibleDescription()
    forget = "Remove Qwen3-0.6B-8bit from the list"
    qtbot.waitUntil(
        lambda: any(
            one.accessibleName() == forget and one.isVisible()
            for one in page.findChildren(QAbstractButton)
        )
    )
    button(page, forget).click()
    assert quantize.qualities.values() == [QUALITY]


def test_a_name_is_no_markup(window: MainWindow, page: Any, qtbot: QtBot) -> None:
    program_of(window).quantize.qualities.put(replace(QUALITY, name="<b>x</b>"))
    labels = page.findChildren(QLabel)
    [label] = [label for label in labels if label.text() == "<b>x</b>"]
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_a_result_is_loaded_for_the_conversation(
    window: MainWindow, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = program_of(window)
    loaded: list[str] = []
    monkeypatch.setattr(program.models, "load", loaded.append)
    page.load_wanted.emit(program.models.models.value(0).path)
    assert loaded == ["demo"]
    assert window.page is window.chat
