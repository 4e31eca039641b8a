"""The form in which a model writes its tool calls, which follows from its chat template."""

from __future__ import annotations

from typing import Literal, TypeAlias

# `json`: `{"name": ..., "arguments": {...}}`. `xml`: `<function=NAME>` and `<parameter=KEY>`, as
# Qwen3-Coder. Both stand between `<tool_call>` and `</tool_call>`.
CallFormat: TypeAlias = Literal["json", "xml"]


def call_format(template: str) -> CallFormat:
    """Return the form of the calls that a chat template with this text renders."""
    return "xml" if "<function=" in template and "<parameter=" in template else "json"
