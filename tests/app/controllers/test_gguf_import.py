"""Imports of GGUF files by a child process: its progress, its end, and its mistakes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.gguf_import import GgufImport
from qwen3mlx_app.domain import Notice
from qwen3mlx_app.services.language import use_language

from tests.support.checkpoints import Shape
from tests.support.gguf_files import write_gguf
from tests.support.places import PROGRAM

HALF = {"phase": "converting", "done": 0.5, "doing": "model.layers.0", "left_s": 1.0}


def controller(tmp_path: Path, lines: str) -> GgufImport:
    """With a program that writes its words down, and does as it is told."""
    script = tmp_path / "program.py"
    script.write_text(
        "import json, pathlib, sys, time\n"
        f"pathlib.Path({str(tmp_path / 'words')!r}).write_text(json.dumps(sys.argv[1:]))\n{lines}"
    )
    return GgufImport((sys.executable, str(script)))


def said(imports: GgufImport) -> list[Notice]:
    notices: list[Notice] = []
    imports.notice.connect(notices.append)
    return notices


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[GgufImport]:
    """It is half done until it is stopped."""
    made = controller(tmp_path, f"print({json.dumps(HALF)!r}, flush=True)\ntime.sleep(60)\n")
    yield made
    made.stop()


def test_progress_is_told_and_one_runs_at_a_time(
    waiting: GgufImport, tmp_path: Path, qtbot: QtBot
) -> None:
    waiting.start("/models/Tiny <b>.gguf")
    waiting.start("/models/other.gguf")
    qtbot.waitUntil(lambda: waiting.done == 0.5)
    assert waiting.name == "Tiny <b>.gguf"
    words = json.loads((tmp_path / "words").read_text())
    assert words == ["import", "/models/Tiny <b>.gguf", "--events"]
    notices = said(waiting)
    waiting.stop()
    assert (waiting.name, waiting.done, notices) == ("", 0.0, [])


def test_the_end_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    imports = controller(tmp_path, "print('{}')\n")
    notices = said(imports)
    with qtbot.waitSignal(imports.made):
        imports.start("/models/Tiny.gguf")
    assert [notice.text for notice in notices] == ["Tiny.gguf was imported."]
    assert imports.name == ""


def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, qtbot: QtBot) -> None:
    imports = controller(tmp_path, "sys.exit('note\\nqwen3mlx: x.gguf is no GGUF file.')\n")
    notices = said(imports)
    imports.start("/models/x.gguf")
    qtbot.waitUntil(lambda: bool(notices))
    assert [(notice.text, notice.kind) for notice in notices] == [
        ("x.gguf is no GGUF file.", "error")
    ]
    imports.start("/models/x.gguf")
    assert imports.name == "x.gguf"  # it can be tried again
    imports.stop()


def test_a_mistake_is_told_in_the_persons_language(tmp_path: Path, qtbot: QtBot) -> None:
    told = {"code": "invalid_checkpoint", "message": "x.gguf has no merges of tokens; download it"
            " again."}  # fmt: skip
    imports = controller(tmp_path, f"print({json.dumps({'error': told})!r})\nsys.exit(1)\n")
    notices = said(imports)
    use_language("zh_CN")
    try:
        imports.start("/models/x.gguf")
        qtbot.waitUntil(lambda: bool(notices))
    finally:
        use_language("en")
    assert [one.text for one in notices] == ["x.gguf 没有词元合并表；请重新下载。"]


@pytest.mark.slow
def test_a_real_file_by_the_real_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "home"))
    shape = Shape(hidden_size=256, head_dim=64, num_hidden_layers=1, tie_word_embeddings=True)
    path = write_gguf(tmp_path / "Tiny-Q8_0.gguf", shape, "Q8_0").path
    imports = GgufImport(PROGRAM)
    with qtbot.waitSignal(imports.made, timeout=120_000):
        imports.start(str(path))
    assert (tmp_path / "home" / "models" / "Tiny-Q8_0" / "model.safetensors").is_file()
