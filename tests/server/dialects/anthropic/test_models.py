"""`GET /v1/models` for clients of Anthropic."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.dialects.anthropic.models import page

MODELS = [{"id": name} for name in "abcde"]


@pytest.mark.parametrize(
    ("cursor", "limit", "expected", "has_more"),
    [
        ({}, 5, "abcde", False),
        ({}, 2, "ab", True),
        ({"after_id": "b"}, 2, "cd", True),
        ({"after_id": "c"}, 2, "de", False),
        ({"after_id": "e"}, 2, "", False),
        ({"before_id": "d"}, 2, "bc", True),
        ({"before_id": "c"}, 2, "ab", False),
        ({"after_id": "a", "before_id": "d"}, 5, "bc", False),
    ],
)
def test_pages(cursor: dict[str, Any], limit: int, expected: str, has_more: bool) -> None:
    result = page(MODELS, limit, **cursor)
    ids = [model["id"] for model in result["data"]]
    assert "".join(ids) == expected
    assert result["has_more"] is has_more
    assert result["first_id"] == (ids[0] if ids else None)
    assert result["last_id"] == (ids[-1] if ids else None)


@pytest.mark.parametrize("name", ["after_id", "before_id"])
def test_an_unknown_cursor_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        page(MODELS, 5, **{name: "x"})
    assert caught.value.param == name
