"""The server's errors, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from qwen3mlx_app.services.language import use_language
from qwen3mlx_app.services.server_errors import said

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
        ("new", "With {braces} and {0}.", "服务器拒绝了请求：With {braces} and {0}."),
    ],
)
def test_in_chinese_it_is_chinese_with_its_numbers(
    chinese: None, code: str, message: str, expected: str
) -> None:
    assert expected in said(code, message)
