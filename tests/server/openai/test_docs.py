"""docs/api/openai.md: its examples work, and it names every field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from qwen3mlx.server.openai.schemas import ChatBody, CompletionBody, EmbeddingBody, TokenizeBody

PAGE = Path(__file__).parents[3] / "docs" / "api" / "openai.md"
TEXT = PAGE.read_text("utf-8")
EXAMPLES = re.findall(
    r"^curl http://127\.0\.0\.1:1234(\S+) [^']*'[^']*' -d '(.*?)'$", TEXT, re.M | re.S
)


@pytest.mark.parametrize(("path", "body"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_examples_work(http: httpx.Client, path: str, body: str) -> None:
    reply = http.post(path, json=json.loads(body))
    assert reply.status_code == 200
    assert "error" not in reply.text


def test_there_is_an_example_for_each_endpoint() -> None:
    assert len(EXAMPLES) == TEXT.count("curl ") == 6


@pytest.mark.parametrize("body", [ChatBody, CompletionBody, EmbeddingBody, TokenizeBody])
def test_every_field_is_named(body: type[ChatBody]) -> None:
    missing = [name for name in body.model_fields if not re.search(rf"`{name}\b", TEXT)]
    assert missing in ([], ["add_generation_prompt"])
