"""Numbers of tokens as they are shown."""

from __future__ import annotations


def short_count(tokens: int) -> str:
    """`4K` for 4096."""
    return f"{tokens / 1024:.0f}K" if tokens >= 1024 else str(tokens)


def exact_count(tokens: int) -> str:
    """`10.9K` for 10,854: a context of 4096 that is overrun by one shows as 4.1K of 4K."""
    return f"{tokens / 1000:.1f}K" if tokens >= 1000 else str(tokens)
