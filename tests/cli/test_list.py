from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.cli.list import list_models
from qwen3mlx.cli.terminal import Terminal
from qwen3mlx.library import DEMOS

from .support import fake_terminal, printed


def test_into_a_pipe_a_model_is_a_line_of_columns(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_models()
    out, errors = capsys.readouterr()
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == ["demo", "demo-moe", "org/model"]
    assert {len(row) for row in rows} == {6}
    assert rows[0][1:5] == ["3M", "8bit", "3.3 MB", "4,096"]
    assert errors == ""


def test_at_a_terminal_there_is_a_heading(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = fake_terminal(tty=True)
    monkeypatch.setattr(Terminal, "standard", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    list_models()
    heading, *rows = printed(terminal.stdout).splitlines()
    assert "MODEL" in heading
    assert "CONTEXT" in heading
    assert any("org/model" in row and "8bit" in row for row in rows)


def test_json(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_models(as_json=True)
    demo, _, model = json.loads(capsys.readouterr().out)
    assert demo["path"] == str(DEMOS["demo"])
    assert (model["id"], model["publisher"], model["source"]) == ("org/model", "org", "cache")
    assert model["quantization"] == "8bit"


def test_skipped_models_are_reported_on_stderr(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cache / "model.safetensors").unlink()
    list_models()
    out, errors = capsys.readouterr()
    assert "org/model" not in out
    assert errors.startswith("Not listed: org/model: ")
    assert errors.count("\n") == 1


def test_other_families_and_missing_folders_are_reported(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "disk" / "Mistral-7B").mkdir(parents=True)
    (tmp_path / "disk" / "Mistral-7B" / "config.json").write_text('{"model_type": "mistral"}')
    folders = [str(tmp_path / "disk"), str(tmp_path / "unplugged")]
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "settings.json").write_text(json.dumps({"model_folders": folders}))
    list_models()
    gone, mistral = capsys.readouterr().err.splitlines()
    assert gone.startswith(f"Not listed: {tmp_path / 'unplugged'}: This folder does not exist")
    assert mistral.startswith("Not listed: Mistral-7B: ")
    assert "model_type 'mistral'" in mistral


def test_other_families_in_the_shared_cache_are_named(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = json.loads((cache / "config.json").read_text())
    (cache / "config.json").write_text(json.dumps(raw | {"model_type": "gemma3"}))
    list_models()
    out, errors = capsys.readouterr()
    assert "org/model" not in out
    assert errors == "Of other families, which do not run here: org/model (gemma3)\n"
