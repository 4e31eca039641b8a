"""JSON objects, and how they are written."""

from __future__ import annotations

import json
import re
from typing import Any

Json = dict[str, Any]

# JSON has them as they are, but Python's `splitlines` cuts there, and with it many readers of
# streams: httpx's `iter_lines`, for one, which Ollama's client uses.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8, in one line for everyone.

    A lone surrogate, which UTF-8 cannot encode, becomes `?`.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LINE_ENDS.sub(_escaped, text).encode("utf-8", "replace")


def _escaped(character: re.Match[str]) -> str:
    return f"\\u{ord(character[0]):04x}"
