"""Which links may be opened, and how."""

from __future__ import annotations

from urllib.parse import urlsplit

SCHEMES = ("http", "https", "mailto")


def is_safe(url: str) -> bool:
    """A web page or an address; no program, file or script."""
    try:
        return urlsplit(url.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False
