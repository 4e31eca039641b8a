"""Conversions through the real command line: made, paused, cancelled, remembered."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.quantize import QuantizeController
from qwen3mlx_app.quantization import QuantizeJob, QuantizeState
from qwen3mlx_app.services.quantize_file import QuantizeFile

from tests.support.places import PROGRAM

ROOT = Path(__file__).parents[3]
PATIENCE = 120_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "demo-float"
    shutil.copytree(ROOT / "training" / "weights" / "dense", folder)
    shutil.copy(ROOT / "qwen3mlx" / "demo" / "dense" / "tokenizer.json", folder)
    return folder


def make(tmp_path: Path) -> QuantizeController:
    return QuantizeController(
        QuantizeFile(tmp_path / "quantize.json"), tmp_path / "models", PROGRAM
    )


@pytest.fixture
def quantize(tmp_path: Path, qtbot: QtBot) -> Iterator[QuantizeController]:
    made = make(tmp_path)
    yield made
    made.stop()


def job(quantize: QuantizeController, source: Path, *, measures: bool = False) -> QuantizeJob:
    output = quantize.output_for(str(source), "4bit", "rtn")
    return QuantizeJob(
        source=str(source), output=output, recipe="4bit", method="rtn", measures=measures
    )


def wait_for(quantize: QuantizeController, qtbot: QtBot, *phases: str) -> None:
    qtbot.waitUntil(lambda: quantize.state.phase in phases, timeout=PATIENCE)


@pytest.mark.slow
def test_a_conversion_and_what_it_cost(
    quantize: QuantizeController, source: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(quantize.estimated, timeout=PATIENCE) as told:
        quantize.estimate(str(source), "4bit")
    size, bits, error = told.args
    assert error == ""
    assert 4.4 < bits < 4.6
    with qtbot.waitSignal(quantize.made, timeout=PATIENCE) as made:
        quantize.start(job(quantize, source, measures=True))
    assert made.args == [str(tmp_path / "models" / "demo-float-4bit")]
    assert (Path(made.args[0]) / "model.safetensors").exists()
    (quality,) = quantize.qualities.values()
    assert quality.size_bytes == pytest.approx(size, rel=0.05)  # the files have headers, too
    assert 0 < quality.kl_mean < 1
    assert sum(quality.counts) > 100
    again = make(tmp_path)
    assert again.qualities.values() == [quality]
    assert again.state.phase == "idle"
    quantize.forget(quality)
    assert make(tmp_path).qualities.rowCount() == 0


def test_one_that_is_paused_goes_on_also_in_another_program(
    quantize: QuantizeController, source: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    wanted = job(quantize, source)
    quantize.start(wanted)
    quantize.pause()
    assert quantize.state.phase == "paused"
    later = make(tmp_path)
    assert (later.state.phase, later.state.job) == ("paused", wanted)
    with qtbot.waitSignal(later.made, timeout=PATIENCE):
        later.resume()
    assert make(tmp_path).state.phase == "idle"
    later.dismiss()
    assert later.state.phase == "idle"


def test_cancelled_nothing_of_it_stays(
    quantize: QuantizeController, source: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    quantize.start(job(quantize, source))
    qtbot.waitUntil(lambda: quantize.state.done > 0, timeout=PATIENCE)
    quantize.cancel()
    wait_for(quantize, qtbot, "idle")
    assert list((tmp_path / "models").iterdir()) == []
    assert make(tmp_path).state.phase == "idle"


def test_cancelled_at_the_last_moment_nothing_stays_but_what_was_there_before(
    quantize: QuantizeController, source: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    wanted = job(quantize, source)
    quantize.start(wanted)
    qtbot.waitUntil(lambda: Path(wanted.output).exists(), timeout=PATIENCE)
    quantize.state = QuantizeState(phase="running", job=wanted)  # the end has not been heard of
    quantize.cancel()
    wait_for(quantize, qtbot, "idle")
    assert not Path(wanted.output).exists()
    Path(wanted.output).mkdir()
    quantize.start(wanted)
    quantize.cancel()
    wait_for(quantize, qtbot, "idle")
    assert Path(wanted.output).exists()


def test_cancel_keeps_a_folder_that_is_not_a_conversions(
    quantize: QuantizeController, source: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    wanted = job(quantize, source)
    letter = tmp_path / "models" / f".{Path(wanted.output).name}.partial" / "letter.txt"
    letter.parent.mkdir(parents=True)
    letter.write_text("dear")
    quantize.state = QuantizeState(phase="paused", job=wanted)
    quantize.cancel()
    wait_for(quantize, qtbot, "failed")
    assert "nothing was deleted" in quantize.state.error
    assert letter.read_text() == "dear"


def test_a_failure_says_why(
    quantize: QuantizeController, source: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    wanted = job(quantize, source)
    Path(wanted.output).mkdir(parents=True)
    quantize.start(wanted)
    wait_for(quantize, qtbot, "failed")
    assert "already exists" in quantize.state.error
    with qtbot.waitSignal(quantize.estimated, timeout=PATIENCE) as told:
        quantize.estimate(str(tmp_path / "none"), "4bit")
    assert told.args[:2] == [None, None]
    assert "does not exist" in told.args[2]


def test_a_program_that_cannot_be_started(tmp_path: Path, source: Path, qtbot: QtBot) -> None:
    file = QuantizeFile(tmp_path / "quantize.json")
    broken = QuantizeController(file, tmp_path / "models", program=["/nosuch"])
    broken.start(job(broken, source))
    wait_for(broken, qtbot, "failed")
    assert broken.state.error


def test_names_of_results(quantize: QuantizeController, tmp_path: Path) -> None:
    models = tmp_path / "models"
    cached = "/x/hub/models--Qwen--Qwen3-0.6B/snapshots/abc"
    assert quantize.output_for(cached, "4bit", "gptq") == str(models / "Qwen3-0.6B-4bit-gptq")
    assert quantize.output_for("/m/Qwen3-8B", "8bit", "mse") == str(models / "Qwen3-8B-8bit")


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, qtbot: QtBot) -> None:
    for text in ("", "{", "[]", '{"job": {"x": 1}, "qualities": []}', '{"job": 1, "qualities": 2}'):
        (tmp_path / "quantize.json").write_text(text)
        assert make(tmp_path).state.phase == "idle"
