"""Consent is remembered per server and tool, and only for the tool as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.errors import ConfigurationError
from qwen3mlx.tools.builtin import built_in_tools
from qwen3mlx.tools.consent import Consents

from .test_toolbox import tool


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


def test_tools_ask_until_a_person_has_chosen() -> None:
    assert Consents().choice(tool()) == "ask"
    Consents().save(tool(), "always")
    Consents().save(tool("drop"), "never")
    assert Consents().choice(tool()) == "always"
    assert Consents().choice(tool("drop")) == "never"
    assert Consents().choice(tool("add", "another server")) == "ask"


def test_a_tool_that_has_changed_asks_again_but_never_stays_never() -> None:
    for choice, then in (("always", "ask"), ("never", "never")):
        Consents().save(tool(), choice)  # type: ignore[arg-type]
        for changed in (tool(description="new"), tool(source="another program")):
            assert Consents().choice(changed) == then


def test_what_only_computes_is_allowed_from_the_start() -> None:
    choices = Consents().choices(built_in_tools())
    allowed = {each.name for each, choice in choices.items() if choice == "always"}
    assert allowed == {"current_time", "calculate"}


@pytest.mark.parametrize("text", ["{", '{"consent": 5}', '{"consent": {"s": 5}}'])
def test_a_broken_file_allows_nothing(home: Path, text: str) -> None:
    (home / "tools.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"tools\.json"):
        Consents().choice(tool())


def test_a_strange_entry_asks(home: Path) -> None:
    (home / "tools.json").write_text('{"consent": {"s": {"add": {"choice": "always"}}}}')
    assert Consents().choice(tool()) == "ask"
