"""Detecting a chat template's features by rendering it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.library.names import DEMOS
from qwen3mlx.server.core.template_traits import template_traits

TURN = "{{ messages[0].content }}<|im_start|>assistant\n"
TOOLS = "{% if tools %}{{ tools | tojson }}{% endif %}"
DEEPSEEK = "<User>{{ messages[0].content.split('</think>')[-1] }}<Assistant>"
HYBRID = TURN + "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"


@pytest.mark.parametrize(
    ("template", "has_tools", "thinking"),
    [
        (TOOLS + HYBRID, True, (True, False)),
        (HYBRID, False, (True, False)),
        (TURN + "<think>\n", False, (True,)),
        (TOOLS + TURN + "{{ '' }}", True, (True, False)),
        (TURN + "Well, ", False, (False,)),
        (DEEPSEEK, False, (True,)),
    ],
    ids=["hybrid", "no tools", "Thinking-2507", "left to the model", "begins the answer", "R1"],
)
def test_traits(tmp_path: Path, template: str, has_tools: bool, thinking: tuple[bool, ...]) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    traits = template_traits(tmp_path)
    assert (traits.text, traits.has_tools, traits.thinking) == (template, has_tools, thinking)


def test_a_template_of_its_own_for_tools(tmp_path: Path) -> None:
    named = [{"name": "default", "template": TURN}, {"name": "tool_use", "template": TOOLS + TURN}]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))
    assert template_traits(tmp_path).has_tools


def test_a_template_that_refuses_tools_has_none(tmp_path: Path) -> None:
    template = "{% if tools %}{{ raise_exception('no tools') }}{% endif %}" + TURN
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    assert not template_traits(tmp_path).has_tools


def test_a_change_of_the_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "chat_template.jinja"
    path.write_text(TURN + "<think>\n")
    assert template_traits(tmp_path).thinking == (True,)
    path.write_text(HYBRID)
    assert template_traits(tmp_path).thinking == (True, False)


def test_the_demo_thinks_and_calls_tools() -> None:
    traits = template_traits(DEMOS["demo"])
    assert traits.has_tools
    assert traits.thinking == (True, False)
