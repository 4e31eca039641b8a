"""The pages that ship with the program: the READMEs and `docs/`, in Markdown. Without Qt.

In a checkout, `help/` holds links to them; a wheel holds the files.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from posixpath import join, normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .links import is_safe

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

FOLDER = Path(__file__).parents[1] / "help"
# Those that are listed, in this order; the others are reached by links.
_LISTED = (
    "README.md",
    *(f"docs/{name}.md" for name in ("which-model", "models", "cli", "settings", "tools")),
    *(f"docs/{name}.md" for name in ("agents", "quantization", "scaling", "api/server")),
    *(f"docs/{name}.md" for name in ("troubleshooting", "security", "uninstall")),
    "CHANGELOG.md",
)
# Languages of the first page, by the name of the locale.
_FIRST = {"zh": "README.zh-CN.md"}
_NO_WORD = re.compile(r"[^\w\- ]")


def listed(language: str) -> list[str]:
    """The pages to list, the first in this language, such as `zh`, if there is one."""
    return [_FIRST.get(language, _LISTED[0]), *_LISTED[1:]]


def title(page: str) -> str:
    """The page's first heading. Raises OSError."""
    for line in _text(page).splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    return page


def rich_text(page: str) -> str:
    """The page as HTML; headings have anchors, and links lead where they can be followed.

    Raises OSError.
    """
    parser = _parser()
    tokens = parser.parse(_text(page))
    known: set[str] = set()
    for heading, content in itertools.pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", _anchor(content.content, known))
    for token in tokens:
        _mend_links(page, token.children or [])
    return str(parser.renderer.render(tokens, parser.options, {}))


def target(page: str, link: str) -> tuple[str, str] | None:
    """The page that a link in `page` leads to, and the anchor there; None for another link."""
    path, _, anchor = link.partition("#")
    if ":" in path:
        return None
    found = normpath(join(page, "..", unquote(path))) if path else page
    is_page = found.endswith(".md") and not found.startswith(("/", ".."))
    return (found, unquote(anchor)) if is_page and (FOLDER / found).is_file() else None


def _mend_links(page: str, tokens: list[Token]) -> None:
    """Leave of a picture its description, and its text of a link to what does not ship."""
    leads: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            link = str(token.attrGet("href"))
            leads.append(is_safe(link) or target(page, link) is not None)
        is_link = token.type in ("link_open", "link_close")
        if token.type == "image" or (is_link and not leads[-1]):
            token.type = "text"
        if is_link and token.nesting == -1:
            leads.pop()


def _anchor(heading: str, known: set[str]) -> str:
    """The anchor of a heading, as GitHub makes it."""
    made = _NO_WORD.sub("", heading.replace("`", "").lower().strip()).replace(" ", "-")
    number, anchor = 1, made
    while anchor in known:
        anchor = f"{made}-{number}"
        number += 1
    known.add(anchor)
    return anchor


def _text(page: str) -> str:
    return (FOLDER / page).read_text("utf-8")


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
