"""Replies whose body is JSON."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse

from ..json_text import json_bytes


class JSONReply(JSONResponse):
    """A JSON reply; it can contain lone surrogates, which a client may have sent."""

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


class LongReply(JSONReply):
    """Encoded item by item, so that a worker thread that makes it does not block the others."""

    def render(self, content: Any) -> bytes:
        encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
        return "".join(encoder.iterencode(content)).encode("utf-8", "replace")
