"""Text inside a Markdown code fence."""

from __future__ import annotations

import re


def fenced(text: str, language: str = "") -> str:
    """In a fence that nothing in the text closes."""
    longest = max(map(len, re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
