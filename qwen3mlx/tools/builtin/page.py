"""A page of the public web as markdown.

Off until a person turns it on: a model that has read a hostile text may ask for an address that
tells somebody what it knows.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from typing import Any

from ...child_process import start_child
from . import page_text
from .made import BuiltIn, ToolFault
from .web import Web

# Seconds to convert a page.
READ_PATIENCE = 20.0
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


def fetch(arguments: Mapping[str, Any], web: Web | None = None) -> str:
    """The page at `url` as markdown, beginning at the character `start`."""
    url, kind, body = (web or Web()).get(arguments["url"])
    text = body.decode(_charset(kind, body), "replace")
    if "html" in kind:
        text = _markdown(url, text)
    start = arguments.get("start", 0)
    if start and start >= len(text):
        raise ToolFault(f"The page has only {len(text):,} characters.")
    return f"{url}\n\n{text[start:] or '(The page is empty.)'}"


def _charset(kind: str, body: bytes) -> str:
    """As the server or the page itself names it."""
    _, _, charset = kind.partition("charset=")
    name = charset.partition(";")[0].strip("\"' ")
    found = _META.search(body[:2048])
    name = name or (found[1].decode("ascii") if found else "")
    try:
        b"".decode(name)
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return "utf-8"
    return name or "utf-8"


def _markdown(url: str, html: str) -> str:
    """Convert a page in a process of its own, which can be ended."""
    given = f"{url}\n{html}".encode("utf-8", "replace")
    with start_child(page_text.__name__, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            text, _ = child.communicate(given, READ_PATIENCE)
        except subprocess.TimeoutExpired:
            raise ToolFault("The page takes too long to read.") from None
        finally:
            child.kill()
    if child.returncode != 0:
        raise ToolFault("The page cannot be read.")
    return text.decode("utf-8", "replace")


PAGE = BuiltIn(
    name="fetch_page",
    description="Read a page of the public web, as markdown.",
    properties={
        "url": {"type": "string", "maxLength": 2000, "description": "https://example.com/page"},
        "start": {
            "type": "integer",
            "minimum": 0,
            "description": "Begin at this character, to read on in a long page.",
        },
    },
    required=("url",),
    work=fetch,
)
