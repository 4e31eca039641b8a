"""The first answer on a GPU compiles nothing: loading has done so."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import own_model
from qwen3mlx.engine.own_model import OwnModel
from qwen3mlx.generate import decoder
from qwen3mlx.library import DEMOS
from tests.engine.support import run, scheduler_for


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each step that is compiled from now on."""
    found: list[int] = []
    compile_step = decoder._compiled

    def spied(*arguments: Any) -> Any:
        found.append(1)
        return compile_step(*arguments)

    monkeypatch.setattr(decoder, "_compiled", spied)
    return found


@pytest.fixture
def _on_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (own_model, decoder):
        monkeypatch.setattr(module, "on_cpu", lambda: False)


def load(name: str) -> OwnModel:
    model = OwnModel.load(DEMOS[name], LoadOptions())
    model.close()
    return model


@pytest.mark.usefixtures("_on_gpu")
@pytest.mark.parametrize("name", DEMOS)
def test_a_gpu_compiles_a_step_while_loading(name: str, compiled: list[int]) -> None:
    model = load(name)
    assert len(compiled) == 1
    assert model.decoder._num_steps == decoder.STEADY + 1, "the second compiled step is not new"
    run(
        scheduler_for(model.decoder),
        [1, 2, 3],
        max_tokens=30,
        **model.generation_config.sampling_defaults(thinking=True),
    )
    assert len(compiled) == 1


@pytest.mark.usefixtures("_on_gpu")
def test_a_large_model_compiles_a_step_of_two_rows(
    compiled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of one is never compiled: it attends over just its tokens."""
    monkeypatch.setattr(decoder, "EXACT_FROM_BYTES", 0)
    model = load("demo")
    assert len(compiled) == 1
    run(scheduler_for(model.decoder), [1, 2, 3], max_tokens=30)
    assert len(compiled) == 1


def test_the_cpu_runs_no_step_while_loading(compiled: list[int]) -> None:
    model = load("demo")
    assert not compiled
    assert model.decoder._num_steps == 0
