"""Decode bytes of an unknown encoding."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication

from .refused import AttachmentRefused

translate = QCoreApplication.translate

# Longer marks first: UTF-32's begins with UTF-16's.
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# Control characters that text files do not contain.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_GUESSED_BYTES = 64 * 1024


def decoded(name: str, data: bytes) -> str:
    """Decode by byte order mark, as UTF-8, or by a guess. Raises AttachmentRefused."""
    marked = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)
    text = _try(data, marked or "utf-8")
    if text is None and marked is None and b"\0" not in data:
        text = _guessed(data)
    if text is None or _CONTROLS.search(text):
        raise AttachmentRefused(translate("attachments", "{name} is not a text file."), name)
    return text


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_GUESSED_BYTES]).best()
    return None if best is None else _try(data, best.encoding)
