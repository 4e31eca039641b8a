"""Times as JSON has them."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def rfc3339(seconds: float | None = None, timespec: str = "auto") -> str:
    """UTC, such as `2025-10-03T15:33:23.496Z`.

    `seconds` are since the epoch (None: now); `timespec` is that of `datetime.isoformat`.
    """
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, timezone.utc)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
