"""docs/api/openai.md, or the page of all fields, names every field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from qwen3mlx.server.dialects.shared.completions.schemas import (
    ChatBody,
    CompletionBody,
    EmbeddingBody,
    TokenizeBody,
)

PAGES = Path(__file__).parents[4] / "docs" / "api"
TEXT = "".join((PAGES / name).read_text("utf-8") for name in ("openai.md", "fields.md"))


@pytest.mark.parametrize("body", [ChatBody, CompletionBody, EmbeddingBody, TokenizeBody])
def test_every_field_is_named(body: type[BaseModel]) -> None:
    assert [name for name in body.model_fields if not re.search(rf"`{name}\b", TEXT)] == []
