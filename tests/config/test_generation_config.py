"""generation_config.json, and the sampling defaults of each mode that it omits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.config import GenerationConfig

RELEASED = {
    "bos_token_id": 151643,
    "do_sample": True,
    "eos_token_id": [151645, 151643],
    "pad_token_id": 151643,
    "temperature": 0.6,
    "top_k": 20,
    "top_p": 0.95,
    "transformers_version": "4.51.0",
}
THINKING = {
    "temperature": 0.6,
    "top_p": 0.95,
    "top_k": 20,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
}
ANSWERING = THINKING | {"temperature": 0.7, "top_p": 0.8}


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(values: dict[str, Any]) -> GenerationConfig:
        (tmp_path / "generation_config.json").write_text(json.dumps(values))
        return GenerationConfig.from_folder(tmp_path)

    return write


def test_without_a_file(tmp_path: Path) -> None:
    config = GenerationConfig.from_folder(tmp_path)
    assert config == GenerationConfig()
    assert config.sampling_defaults(thinking=True) == THINKING
    assert config.sampling_defaults(thinking=False) == ANSWERING


def test_released(written: Any) -> None:
    config = written(RELEASED)
    assert config.eos_token_ids == (151645, 151643)
    assert config.sampling_defaults(thinking=True) == THINKING
    assert config.sampling_defaults(thinking=False) == ANSWERING


@pytest.mark.parametrize(
    ("values", "thinking", "answering"),
    [
        ({}, {}, {}),
        # Instruct-only and other makers' values hold in both modes.
        ({"temperature": 0.7, "top_p": 0.8}, {"temperature": 0.7, "top_p": 0.8}, {}),
        ({"temperature": 1.0}, {"temperature": 1.0}, {"temperature": 1.0}),
        ({"top_k": 50, "min_p": 0.1}, {"top_k": 50, "min_p": 0.1}, {"top_k": 50, "min_p": 0.1}),
        ({"repetition_penalty": 1.1}, {"repetition_penalty": 1.1}, {"repetition_penalty": 1.1}),
        ({"temperature": None, "top_p": None}, {}, {}),
        # Greedy thinking repeats itself without end: never by default.
        ({"do_sample": False}, {}, {"temperature": 0.0}),
        ({"temperature": 0}, {}, {"temperature": 0}),
        ({"do_sample": False, "temperature": 0.6}, {}, {"temperature": 0.0}),
    ],
    ids=str,
)
def test_what_the_file_says_holds(
    written: Any, values: dict[str, Any], thinking: dict[str, Any], answering: dict[str, Any]
) -> None:
    config = written(values)
    assert config.sampling_defaults(thinking=True) == THINKING | thinking
    assert config.sampling_defaults(thinking=False) == ANSWERING | answering


@pytest.mark.parametrize(
    ("given", "ids"), [(151645, (151645,)), ([1, 2], (1, 2)), (None, ()), ([], ())]
)
def test_stop_tokens(written: Any, given: object, ids: tuple[int, ...]) -> None:
    assert written({"eos_token_id": given}).eos_token_ids == ids
