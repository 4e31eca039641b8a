"""Replies whose body is JSON."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse

from ..json_text import json_bytes


class JSONReply(JSONResponse):
    """Takes half a surrogate pair too, which a client may have sent."""

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


class LongReply(JSONReply):
    """Written item by item: made on a thread, it lets others go on meanwhile."""

    def render(self, content: Any) -> bytes:
        encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
        return "".join(encoder.iterencode(content)).encode("utf-8", "replace")
