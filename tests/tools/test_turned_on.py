"""Built-in tools that reach further: off until they are turned on."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from qwen3mlx.cli.mcp import app
from qwen3mlx.errors import ConfigurationError, UsageError
from qwen3mlx.tools.builtin import built_in_tools
from qwen3mlx.tools.builtin.turned_on import turn_on


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


def names() -> list[str]:
    return [tool.name for tool in built_in_tools()]


def test_they_are_off_and_ask_once_they_are_on(home: Path) -> None:
    assert names() == ["current_time", "calculate"]
    notes = home / "notes"
    notes.mkdir()
    for arguments in (["fetch_page"], ["files", str(notes)], ["run_python"]):
        assert CliRunner().invoke(app, ["enable", *arguments]).exit_code == 0
    further = built_in_tools()[2:]
    assert [tool.name for tool in further] == [
        *("fetch_page", "list_files", "read_file", "search_files", "run_python")
    ]
    assert {tool.unasked for tool in further} == {"ask"}
    assert {tool.fault for tool in further} == {None}
    assert str(notes) in further[2].description
    for tool in ("fetch_page", "files", "run_python"):
        assert CliRunner().invoke(app, ["disable", tool]).exit_code == 0
    assert names() == ["current_time", "calculate"]


def test_what_makes_no_sense_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="needs the folders"):
        turn_on("files", [])
    with pytest.raises(UsageError, match="takes no folder"):
        turn_on("run_python", ["/"])
    with pytest.raises(UsageError, match="is no folder"):
        turn_on("files", [str(home / "absent")])
    for wrong in (
        '{"builtin": 5}',
        '{"builtin": {"files": ["notes"]}}',
        '{"builtin": {"files": 1}}',
    ):
        (home / "tools.json").write_text(wrong)
        with pytest.raises(ConfigurationError, match="builtin"):
            built_in_tools()
