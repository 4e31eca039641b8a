"""Reasoning in an opaque form, which clients store and send back."""

from __future__ import annotations

import base64
import binascii

# A prefix that distinguishes this server's content from what other servers have encrypted.
_SEALED = "qwen3mlx:"


def seal(reasoning: str) -> str:
    """`encrypted_content`, which clients send back unchanged.

    It is encoded, not encrypted: callers of this server may read its reasoning.
    """
    return _SEALED + base64.b64encode(reasoning.encode("utf-8", "replace")).decode()


def unseal(content: object) -> str:
    """The reasoning; empty if another server sealed it."""
    if not isinstance(content, str) or not content.startswith(_SEALED):
        return ""
    try:
        return base64.b64decode(content.removeprefix(_SEALED), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
