"""The server's errors, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis.strategies import text
from PySide6.QtWidgets import QApplication
from qwen3mlx_app.services import server_errors
from qwen3mlx_app.services.download_api import _download
from qwen3mlx_app.services.language import use_language
from qwen3mlx_app.services.server_errors import said, told
from qwen3mlx_app.services.server_messages import MESSAGES

from qwen3mlx.errors import ContextLengthError


@pytest.fixture
def chinese(qapp: QApplication) -> Iterator[None]:
    use_language("zh_CN")
    yield
    use_language("en")


CONTEXT = str(ContextLengthError(5000, 4096))
MEMORY = "Qwen3-32B needs 65.5 GB for its weights and 12 GB can be used here: use a smaller model."


def test_in_english_the_servers_own_sentence_stays(qapp: QApplication) -> None:
    assert said("context_length_exceeded", CONTEXT) == CONTEXT
    assert said("of another version", "Something else.") == "Something else."


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("context_length_exceeded", CONTEXT, "对话有 5000 个词元，但模型的上下文只能容纳 4096 个"),
        ("insufficient_memory", MEMORY, "需要 65.5 GB，可用 12 GB"),
        ("insufficient_memory", "No room.", "服务器拒绝了请求：No room."),
        ("overloaded", "8 requests are waiting.", "服务器正忙"),
        ("model_not_found", "x is not here.", "这台电脑上没有此模型"),
        ("invalid_checkpoint", "x.safetensors ends early.", "（x.safetensors ends early.）"),
        (
            "tool_server_failed",
            "The MCP server a failed: it has ended (b).",
            "MCP 服务器 a 无法使用：它已退出（b）。",
        ),
        ("tool_server_failed", "The MCP server a failed: odd.", "MCP 服务器 a 无法使用：odd。"),
        ("tool_server_failed", "The tools have been closed.", "工具已关闭。"),
        ("tool_server_failed", "Odd.", "工具无法使用。（Odd.）"),
        ("not_deleted", "It sticks.", "无法删除此模型。（It sticks.）"),
        ("new", "With {braces} and {0}.", "服务器拒绝了请求：With {braces} and {0}."),
    ],
)
def test_in_chinese_it_is_chinese_with_its_numbers(
    chinese: None, code: str, message: str, expected: str
) -> None:
    assert expected in said(code, message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "the command 'no {0} such' was not found: install it, or write its whole path",
            "找不到命令 'no {0} such'：请先安装它，或写出完整路径",
        ),
        ("it has ended", "它已退出"),
        ("something else", "something else"),
        (
            "The MCP server a failed: it does not answer (Oh {x}). It will be started again in 4"
            " seconds at the earliest.",
            "MCP 服务器 a 无法使用：它没有响应（Oh {x}）。最早将在 4 秒后重新启动。",
        ),
        ("Line 3: time: a comma or } is missing.", "第 3 行：time：缺少逗号或 }。"),
        ("a.gguf: x has shape [1], its metadata asks for [2].",
         "a.gguf: x 的形状是 [1]，而元数据要求 [2]。"),
        ("/a/b: Permission denied.", "/a/b：没有权限。"),
    ],
)  # fmt: skip
def test_messages_keep_what_they_name(chinese: None, message: str, expected: str) -> None:
    assert told(message) == expected


def test_messages_are_the_servers_own_in_english(qapp: QApplication) -> None:
    for message in MESSAGES:
        written = message.format(*["(with {braces})"] * 5)
        assert told(written) == said("anything", written) == written


@given(text())
def test_whatever_a_tool_says_is_told_in_time(text: str) -> None:
    assert told(text) == text  # as nothing is translated here


@pytest.mark.parametrize("piece", ["a: ", "(a: b) ", "x must be a JSON object", ". : ()", "{0}: "])
def test_a_hostile_message_costs_little(
    chinese: None, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def counted(text: str, between: list[str]) -> list[str] | None:
        nonlocal looks
        looks += 1
        return parts(text, between)

    parts = server_errors._parts
    monkeypatch.setattr(server_errors, "_parts", counted)
    assert told(piece * 300)
    assert looks < 100_000


def test_a_download_says_why_it_waits_in_the_persons_language(chinese: None) -> None:
    job = {
        "id": "a",
        "model": "b",
        "status": "queued",
        "downloaded_bytes": 0,
        "total_bytes": None,
        "bytes_per_second": 0,
        "error": "The hub cannot be reached.",
    }
    why = _download({**job, "error_code": "hub_unreachable"}).error
    assert why == "无法连接模型社区。请检查网络。（The hub cannot be reached.）"
    assert _download({**job, "error": None, "error_code": None}).error is None
