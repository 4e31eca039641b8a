"""Values that others wrote, as plain text: what is read is what stands there. Pure.

Characters that would be shown as nothing, or steer how those around them are shown, have a sign in
their place: U+202E in a file's name makes `gpj.exe` of `exe.jpg`.
"""

from __future__ import annotations

import re

# Characters of a name, and of a text of several lines, that a person may be shown.
NAME, TEXT = 300, 4000
# C0, DEL and C1; embeddings, overrides and isolates; annotations, objects, halves of surrogate
# pairs; and what Qt's documents mark frames with. Tabs and ends of lines stay in a text.
_UNSEEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffc"
_UNSEEN += "\ud800-\udfff\ufdd0-\ufdef"
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_NAME = re.compile(f"[{_UNSEEN}\t\n\r\u2028\u2029]")
# After each of these Qt, and those who show notifications, look for markup.
_OPENS = re.compile("[<&]")
_JOINER = "\u2060"


def visible(text: str, limit: int = TEXT) -> str:
    """A text of several lines; what is longer than `limit` characters ends in `…`."""
    return _IN_TEXT.sub(_sign, _cut(text, limit).replace("\r\n", "\n"))


def one_line(text: str, limit: int = NAME) -> str:
    """A name, a title, a path: whatever stands in one line."""
    return _IN_NAME.sub(_sign, _cut(text, limit))


def unmarked(text: str, limit: int = TEXT) -> str:
    """For places that look for markup by themselves: they find none, and nothing else is seen.

    Qt does so in tooltips (`Qt::mightBeRichText`), and so may the system in a notification.
    """
    return _OPENS.sub(rf"\g<0>{_JOINER}", visible(text, limit))


def without_mnemonics(text: str) -> str:
    """For menus and buttons, where `&` underlines what follows, and a tab parts a shortcut."""
    return one_line(text).replace("&", "&&")


def window_title(text: str) -> str:
    """`[*]` in a title is where Qt shows that something is not saved."""
    return one_line(text).replace("[*]", "[*][*]")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _sign(found: re.Match[str]) -> str:
    """A control's own picture, or U+FFFD."""
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
