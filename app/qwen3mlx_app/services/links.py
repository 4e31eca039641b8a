"""Which links may be opened, and how."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

SCHEMES = ("http", "https", "mailto")
# What a link may write of a mail; some programs attach a file of this computer that `attach` names.
_MAIL = {"subject", "body", "cc", "bcc", "to"}


def is_safe(url: str) -> bool:
    """A web page or an address; no program, file or script. Spaces and controls are in none."""
    url = url.strip()
    if any(character <= " " or character == "\x7f" for character in url):
        return False
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        if scheme == "mailto":
            return {name.lower() for name, _ in parse_qsl(parts.query)} <= _MAIL
        return scheme in SCHEMES and bool(parts.hostname)
    except ValueError:
        return False


def is_web_address(url: str) -> bool:
    """With a host, and nobody's name or password in it."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        )
    except ValueError:
        return False
