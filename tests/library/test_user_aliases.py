"""The user's own names for models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen3mlx import library
from qwen3mlx.errors import UsageError
from qwen3mlx.library.user_aliases import aliased, parse_aliases


def test_a_row_is_a_name_and_a_model() -> None:
    rows = ["gpt-4o=qwen3:8b", " Claude Sonnet = demo ", "a=b=c"]
    assert parse_aliases(rows) == {"gpt-4o": "qwen3:8b", "claude sonnet": "demo", "a": "b=c"}


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (["gpt-4o"], "must be NAME=MODEL, as in gpt-4o=qwen3:8b"),
        (["=demo"], "must be NAME=MODEL"),
        (["x="], "must be NAME=MODEL"),
        (["x\n=demo"], "must be NAME=MODEL"),
        (["demo=qwen3:8b"], "cannot rename demo"),
        (["DEMO-MOE:latest=qwen3:8b"], "cannot rename demo-moe"),
        (["x=demo", "X:latest=demo-moe"], "is given twice"),
        ([".=qwen3:8b"], "names a folder"),
        (["../x=qwen3:8b"], "names a folder"),
        (["~/models/x=qwen3:8b"], "names a folder"),
        (["/models/x=qwen3:8b"], "names a folder"),
    ],
)
def test_a_wrong_row_is_named(rows: list[str], fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        parse_aliases(rows)


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], Path]:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))

    def write(rows: object) -> Path:
        path = tmp_path / "settings.json"
        path.write_text(json.dumps({"server": {"alias": rows}}))
        return path

    return write


def test_saved_aliases_work_on_the_command_line_and_in_python(
    save: Callable[[object], Path],
) -> None:
    assert aliased("gpt-4o") == "gpt-4o"
    save(["gpt-4o=demo-moe", "tiny=qwen3:0.6b"])
    assert aliased("GPT-4o:latest") == "demo-moe"
    assert library.resolve("gpt-4o") == library.DEMOS["demo-moe"]
    target = library.parse_name("tiny")
    assert isinstance(target, library.Wanted)
    assert target == library.parse_name("qwen3:0.6b")


@pytest.mark.parametrize("rows", ["x=demo", [3], {"x": "demo"}, ["x"]])
def test_a_fault_in_the_saved_ones_names_the_file(
    save: Callable[[object], Path], rows: object
) -> None:
    path = save(rows)
    with pytest.raises(UsageError, match=str(path)):
        aliased("x")
    assert library.resolve("demo") == library.DEMOS["demo"]
