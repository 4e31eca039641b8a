"""Markdown code fences."""

from __future__ import annotations

import re


def fenced(text: str, language: str = "") -> str:
    """Put the text into a fence that nothing in it closes."""
    longest = max(map(len, re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
