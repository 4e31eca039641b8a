"""Text from outside (a model, a file, an error), made safe for a terminal."""

from __future__ import annotations

import re

from ..quoting import printable

# A terminal obeys ESC and its kin: show their pictures (U+241B for ESC) instead. C1 controls, which
# some terminals obey too, have no picture.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_VISIBLE = {**_PICTURES, 0x0D: None, 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


def visible(text: str) -> str:
    """`text` with the characters that steer a terminal made visible; works piece by piece."""
    return text.translate(_VISIBLE)


def one_line(text: str) -> str:
    """`text` on one line, safe for a terminal, and read in the order it is written in."""
    return printable(" ".join(visible(text).split()))


def without_surrogates(text: str) -> str:
    """`text` with U+FFFD for lone surrogates: bytes that were no UTF-8, which no file takes."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)
