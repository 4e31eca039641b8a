"""Thoughts in a form that clients pass on without looking at it."""

from __future__ import annotations

import base64
import binascii

# What stands before the text: content that another server has encrypted is not taken for ours.
_SEALED = "qwen3mlx:"


def seal(reasoning: str) -> str:
    """`encrypted_content`: thinking in a form that clients pass on without looking at it.

    It is encoded, not encrypted: whoever may ask this server may read its thoughts.
    """
    return _SEALED + base64.b64encode(reasoning.encode("utf-8", "replace")).decode()


def unseal(content: object) -> str:
    """The thinking; empty for what another server has sealed."""
    if not isinstance(content, str) or not content.startswith(_SEALED):
        return ""
    try:
        return base64.b64decode(content.removeprefix(_SEALED), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
