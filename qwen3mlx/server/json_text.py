"""JSON objects, and how they are written."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8. A lone surrogate, which UTF-8 cannot encode, becomes `?`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
