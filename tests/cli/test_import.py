"""`qwen3mlx import`, and GGUF files in `qwen3mlx list`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qwen3mlx.cli.import_gguf import import_gguf
from qwen3mlx.cli.list import list_models
from qwen3mlx.errors import ModelNotFoundError, UsageError
from qwen3mlx.library import Library
from tests.support.checkpoints import Shape
from tests.support.gguf_files import write_gguf

SHAPE = Shape(hidden_size=256, head_dim=64, num_hidden_layers=1, tie_word_embeddings=True)


def test_a_file_is_listed_imported_and_then_a_model(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path / "llama.cpp"))
    (tmp_path / "llama.cpp").mkdir()
    path = write_gguf(tmp_path / "llama.cpp" / "Tiny-Q4_K.gguf", SHAPE, "Q4_K").path
    list_models()
    out, errors = capsys.readouterr()
    row = out.splitlines()[-1].split("\t")
    assert (row[0], row[2]) == (str(path), "GGUF Q4_K")
    assert "qwen3mlx import" in errors
    import_gguf(str(path))
    out, errors = capsys.readouterr()
    assert Path(out.strip()).name == "Tiny-Q4_K"
    assert "Q4_K: 100.0% of the weights, stored as 4 bit, groups of 32; error 0.0" in errors
    assert Library().find("Tiny-Q4_K").quantization == "4bit"


def test_json(cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_gguf(tmp_path / "a.gguf", replace(SHAPE, num_experts=2), "Q8_0").path
    import_gguf(str(path), output=tmp_path / "out", json_=True)
    told = json.loads(capsys.readouterr().out)
    assert told["output"] == str(tmp_path / "out")
    assert [(loss["type"], loss["error"]) for loss in told["losses"]] == [("Q8_0", 0), ("F32", 0)]


def test_events_are_lines_of_json(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_gguf(tmp_path / "a.gguf", SHAPE, "Q8_0").path
    import_gguf(str(path), output=tmp_path / "out", events=True)
    *progress, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert progress[-1]["done"] == 1.0
    assert all(0 <= event["done"] <= 1 for event in progress)
    assert last["output"] == str(tmp_path / "out")
    with pytest.raises(UsageError, match="two ways to print"):
        import_gguf(str(path), json_=True, events=True)


def test_a_failure_is_an_event(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelNotFoundError, match="There is no file"):
        import_gguf(str(tmp_path / "none.gguf"), events=True)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)["error"]
    assert told["code"] == "model_not_found"
    assert told["message"].startswith("There is no file")
