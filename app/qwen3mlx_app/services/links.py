"""Which links are safe to open."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

SCHEMES = ("http", "https", "mailto")
# Allowed parameters of mail links; in some programs, `attach` adds a local file.
_MAIL = {"subject", "body", "cc", "bcc", "to"}


def is_safe(url: str) -> bool:
    """Whether it is a web page or a mail address: no program, file, script or control character."""
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
    """Whether it is an HTTP address with a host and without a user name or password."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        )
    except ValueError:
        return False
