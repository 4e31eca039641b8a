"""Models whose chat template supports neither tools nor a thinking switch: nothing is dropped
silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.request_warnings import collecting_warnings
from qwen3mlx.text import load_tokenizer
from tests.support.checkpoints import copy_qwen3_tokenizer
from tests.support.scripted import answer, write_scripted_checkpoint

from .live import LiveServer, live_server

Json = dict[str, Any]

PLAIN = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
ALWAYS = PLAIN.replace("assistant\\n' }}{%- endif", "assistant\\n<think>\\n' }}{%- endif")
MESSAGES = [{"role": "user", "content": "Hi"}]
FUNCTION = {"name": "look", "parameters": {"type": "object"}}
TOOLS = [{"type": "function", "function": FUNCTION}]
CLAUDE_TOOLS = [{"name": "look", "input_schema": {"type": "object"}}]
NO_PLACE = "tools: this model's chat template does not support tools, so they are ignored."


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "plain"
    write_scripted_checkpoint(folder, [answer("Fine.", thoughts="Well now")])
    (folder / "chat_template.jinja").write_text(PLAIN)
    with live_server(model=str(folder)) as server:
        yield server


def post(server: LiveServer, path: str, body: Json) -> tuple[str, str | None]:
    names = [one["id"] for one in server.http.get("/v1/models").json()["data"]]
    name = next(each for each in names if each.endswith("plain"))
    reply = server.http.post(path, json={"model": name, "stream": False, **body})
    assert reply.status_code == 200, reply.text
    return reply.text, reply.headers.get("X-Qwen3MLX-Warning")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": MESSAGES, "enable_thinking": False}),
        ("/v1/chat/completions", {"messages": MESSAGES, "reasoning_effort": "none"}),
        ("/v1/responses", {"input": "Hi", "reasoning": {"effort": "none"}}),
        ("/api/chat", {"messages": MESSAGES, "think": False}),
        ("/api/generate", {"prompt": "Hi", "think": False}),
        ("/api/v1/chat", {"input": "Hi", "reasoning": "off"}),
        (
            "/v1/messages",
            {"messages": MESSAGES, "thinking": {"type": "disabled"}, "max_tokens": 99},
        ),
    ],
)
def test_thinking_is_switched_off(plain: LiveServer, path: str, body: Json) -> None:
    text, warning = post(plain, path, body)
    assert "Fine." in text
    assert "Well now" not in text
    assert warning is None


def test_it_thinks_where_nothing_is_said(plain: LiveServer) -> None:
    text, _ = post(plain, "/v1/chat/completions", {"messages": MESSAGES})
    assert "Well now" in text


def test_ollama_says_and_takes_what_the_model_can(plain: LiveServer) -> None:
    text, _ = post(plain, "/api/show", {})
    assert '"thinking"' in text.partition('"capabilities"')[2].partition("]")[0]
    assert '"tools"' not in text.partition('"capabilities"')[2].partition("]")[0]
    text, _ = post(plain, "/api/chat", {"messages": MESSAGES, "think": True})
    assert "Well now" in text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": MESSAGES, "tools": TOOLS}),
        ("/v1/responses", {"input": "Hi", "tools": [{"type": "function", **FUNCTION}]}),
        ("/api/chat", {"messages": MESSAGES, "tools": TOOLS}),
        ("/v1/messages", {"messages": MESSAGES, "tools": CLAUDE_TOOLS, "max_tokens": 99}),
    ],
)
@pytest.mark.usefixtures("caplog")
def test_tools_without_a_place_are_warned_of(plain: LiveServer, path: str, body: Json) -> None:
    assert post(plain, path, body)[1] == NO_PLACE


def test_no_warning_where_no_tool_may_be_called(plain: LiveServer) -> None:
    body = {"messages": MESSAGES, "tools": TOOLS, "tool_choice": "none"}
    assert post(plain, "/v1/chat/completions", body)[1] is None


def prompt(folder: Path, template: str | None, **asked: Any) -> tuple[str, list[str]]:
    copy_qwen3_tokenizer(folder)
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    with collecting_warnings() as warnings:
        text = load_tokenizer(folder).apply_chat_template(MESSAGES, **asked)
    return text, warnings


@pytest.mark.usefixtures("caplog")
def test_what_always_thinks_is_warned_of(tmp_path: Path) -> None:
    text, warnings = prompt(tmp_path, ALWAYS, enable_thinking=False)
    assert text.endswith("<|im_start|>assistant\n<think>\n")
    assert warnings == ["enable_thinking: this model's chat template cannot switch thinking off."]


def test_a_template_with_tools_and_a_switch_is_left_alone(tmp_path: Path) -> None:
    text, warnings = prompt(tmp_path, None, enable_thinking=False, tools=TOOLS)
    assert text.count("<think>") == 1
    assert text.endswith("<think>\n\n</think>\n\n")
    assert warnings == []
