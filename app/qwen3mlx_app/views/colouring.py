"""Highlight code with Pygments, in a child process: some lexers never end."""

from __future__ import annotations

from typing import Any

from ..services.child import serve
from .markdown import only_ours, shown
from .pieces import CHARACTERS

# The most characters of highlighted code, and of its rich text.
MAX_CHARACTERS, MAX_RICH = 40_000, 400_000
_MEMORY = 1024**3


def coloured(source: str, language: str, style: str) -> list[str] | None:
    """Rich text for each line; None if Pygments does not know the language."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    formatter = HtmlFormatter(noclasses=True, nowrap=True, style=style)
    rich = only_ours(highlight(shown(source), lexer, formatter))
    lines = (rich if source.endswith("\n") else rich.removesuffix("\n")).split("\n")
    is_whole = len(lines) == source.count("\n") + 1
    return lines if is_whole and len(rich) <= MAX_RICH else None


def may_be_coloured(source: str) -> bool:
    """Whether the code and its lines are short enough."""
    return len(source) <= MAX_CHARACTERS and max(map(len, source.split("\n"))) < CHARACTERS


def _answer(question: dict[str, Any]) -> list[str] | None:
    return coloured(question["source"], question["language"], question["style"])


def main() -> None:
    serve(_answer, memory=_MEMORY)
