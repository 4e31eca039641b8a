"""Make text from outside (a model, a file, an error) safe to print in a terminal."""

from __future__ import annotations

import re

from ..quoting import printable

# Terminals interpret ESC and other control characters, so their pictures are shown instead (U+241B
# for ESC). C1 controls, which some terminals also interpret, have no picture.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_VISIBLE = {**_PICTURES, 0x0D: None, 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


def visible(text: str) -> str:
    """Return `text` with terminal control characters made visible. Works on one piece at a time."""
    return text.translate(_VISIBLE)


def one_line(text: str) -> str:
    """Return `text` on one line, safe for a terminal, with no change of reading direction."""
    return printable(" ".join(visible(text).split()))


def without_surrogates(text: str) -> str:
    """Return `text` with lone surrogates (bytes that were not UTF-8) replaced by U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)
