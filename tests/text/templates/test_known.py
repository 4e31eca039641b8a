"""Only well-known templates run in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.library.names import DEMOS
from qwen3mlx.text.templates import pool as template_pool
from qwen3mlx.text.templates.chat_template import ChatTemplate
from qwen3mlx.text.templates.known import is_known
from qwen3mlx.text.templates.source import TemplateSource, find_templates


@pytest.mark.parametrize("name", DEMOS)
def test_those_of_the_demos(name: str) -> None:
    assert is_known((DEMOS[name] / "chat_template.jinja").read_text("utf-8"))
    config = json.loads((DEMOS[name] / "tokenizer_config.json").read_text("utf-8"))
    assert is_known(config["chat_template"])


def test_ours_and_qwen_s(qwen3_config: dict[str, Any]) -> None:
    assert is_known(find_templates(Path("/nowhere"), {})["default"].text)
    assert is_known(qwen3_config["chat_template"])


@pytest.mark.parametrize("change", [" ", "\n", "{{ 1 }}"])
def test_no_other(qwen3_config: dict[str, Any], change: str) -> None:
    assert not is_known(qwen3_config["chat_template"] + change)
    assert not is_known("\ud800")


def test_a_known_one_asks_no_child(
    qwen3_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_pool, "MOST_CHILDREN", 0)
    template = ChatTemplate(TemplateSource(qwen3_config["chat_template"], "x"))
    assert template.render(messages=[{"role": "user", "content": "Hi"}]).startswith("<|im_start|>")
