from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.errors import CheckpointError, TemplateError
from qwen3mlx.text.templates.source import BUILTIN, find_templates


def test_the_file_goes_before_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text("from the file é", "utf-8")
    (source,) = find_templates(tmp_path, {"chat_template": "from the configuration"}).values()
    assert source.text == "from the file é"
    assert source.name == str(tmp_path / "chat_template.jinja")


def test_the_configuration_goes_before_ours(tmp_path: Path) -> None:
    source = find_templates(tmp_path, {"chat_template": "configured"})["default"]
    assert source.text == "configured"
    assert source.name == str(tmp_path / "tokenizer_config.json")


@pytest.mark.parametrize("config", [{}, {"chat_template": None}])
def test_ours_without_any(tmp_path: Path, config: dict[str, object]) -> None:
    assert find_templates(tmp_path, config)["default"].name == BUILTIN


def test_named_ones(tmp_path: Path) -> None:
    value = [{"name": "tool_use", "template": "T"}]
    templates = find_templates(tmp_path, {"chat_template": value})
    assert templates["tool_use"].text == "T"
    assert templates["default"].name == BUILTIN


@pytest.mark.parametrize("value", [7, ["text"], [{"name": "default"}], {"default": "x"}])
def test_other_shapes_are_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(TemplateError, match=r"tokenizer_config\.json: chat_template must be"):
        find_templates(tmp_path, {"chat_template": value})


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CheckpointError, match=r"chat_template\.jinja cannot be read"):
        find_templates(tmp_path, {})
