"""Errors in Anthropic's format."""

from __future__ import annotations

import pytest

from qwen3mlx.errors import ContextLengthError
from qwen3mlx.server.dialects.anthropic import render_error
from qwen3mlx.server.http.errors import api_error, to_api_error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
    ],
)
def test_each_status_has_its_type(status: int, kind: str) -> None:
    assert render_error(api_error(status, "It is so.")) == {
        "type": "error",
        "error": {"type": kind, "message": "It is so."},
        "request_id": None,
    }


def test_a_prompt_that_is_too_long_is_told_in_the_words_that_agents_look_for() -> None:
    error = to_api_error(ContextLengthError(42009, 4096))
    message = render_error(error)["error"]["message"]
    assert message == "prompt is too long: 42009 tokens > 4096 maximum"
