"""An answer ends with what any of the checkpoint's three files names, of what the model has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx import library
from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.own_model import OwnModel
from tests.model.support import copy_checkpoint, edit_json

USUAL = {1975, 1977}  # <|endoftext|> and <|im_end|>
Ends = Callable[[Mapping[str, Any]], set[int]]
NOTHING = {"config.json": {"eos_token_id": None}, "generation_config.json": {"eos_token_id": None}}


@pytest.fixture
def ends(tmp_path: Path) -> Ends:
    def load(files: Mapping[str, Any]) -> set[int]:
        folder = copy_checkpoint(library.resolve("demo"), tmp_path / "model")
        for name, changes in files.items():
            edit_json(folder / name, changes)
        loaded = OwnModel.load(folder, LoadOptions())
        loaded.close()
        return set(loaded._default_stop_ids())

    return load


@pytest.mark.parametrize("name", ["config.json", "generation_config.json"])
def test_ids_that_the_model_has_not(
    ends: Ends, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert ends({name: {"eos_token_id": [-1, 300, 151_645]}}) == USUAL | {300}
    assert "[-1,151645]" in caplog.text.replace(" ", "")


@pytest.mark.parametrize(
    "token", ["<|im_end|>", {"content": "<|im_end|>"}, None, 7, ["a"], "\ud800"], ids=repr
)
def test_the_tokenizers_end_token_may_be_odd(ends: Ends, token: Any) -> None:
    assert ends({**NOTHING, "tokenizer_config.json": {"eos_token": token}}) == USUAL


def test_another_one_of_the_tokenizer(ends: Ends) -> None:
    (other,) = ends({**NOTHING, "tokenizer_config.json": {"eos_token": "hello"}}) - USUAL
    assert other == 1670


def test_a_model_that_would_never_end_is_told_of(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qwen3mlx.text.Tokenizer.token_id", lambda self, token: None)
    assert ends(NOTHING) == set()
    assert "names no end token" in caplog.text
