"""Text that others wrote, made safe to display: what is shown is what it says. Pure.

Characters that are invisible, or steer how those around them are shown, are replaced by a sign:
U+202E in a file's name makes `gpj.exe` of `exe.jpg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

# The most characters to show of a name, and of a text of several lines.
NAME, TEXT = 300, 4000
# C0, DEL and C1; embeddings, overrides and isolates; annotations, objects, halves of surrogate
# pairs; and what Qt's documents mark frames with. Tabs and ends of lines stay in a text.
_UNSEEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffc"
_UNSEEN += "\ud800-\udfff\ufdd0-\ufdef"
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_NAME = re.compile(f"[{_UNSEEN}\t\n\r\u2028\u2029]")
# Qt and notification services look for markup after each of these.
_OPENS = re.compile("[<&]")
_JOINER = "\u2060"


def visible(text: str, limit: int = TEXT) -> str:
    """A text of several lines, cut with `…` after `limit` characters."""
    return _IN_TEXT.sub(_sign, _cut(text, limit).replace("\r\n", "\n"))


def one_line(text: str, limit: int = NAME) -> str:
    """A name, title or path on one line, cut with `…` after `limit` characters."""
    return _IN_NAME.sub(_sign, _cut(text, limit))


def listed(names: Iterable[str]) -> str:
    """Names on one line, apart as the person's language has it."""
    return translate("lists", ", ").join(map(one_line, names))


def unmarked(text: str, limit: int = TEXT) -> str:
    """For places that look for markup: they find none, and the text looks the same.

    Qt does so in tooltips (`Qt::mightBeRichText`), and so may the system in a notification.
    """
    return _OPENS.sub(rf"\g<0>{_JOINER}", visible(text, limit))


def without_mnemonics(text: str) -> str:
    """For menus and buttons, where `&` marks a mnemonic and a tab a shortcut."""
    return one_line(text).replace("&", "&&")


def window_title(text: str) -> str:
    """For window titles, where Qt replaces `[*]`."""
    return one_line(text).replace("[*]", "[*][*]")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _sign(found: re.Match[str]) -> str:
    """The Unicode picture of a control character, or U+FFFD."""
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
