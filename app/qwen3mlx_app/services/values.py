"""Read JSON that others wrote; values of the wrong kind count as absent."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

Json = dict[str, Any]
# The end of the year 9998 in any time zone.
_LAST_MOMENT = 253370764800.0


def an_object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Json]:
    """The objects of a list; anything else in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Half a surrogate pair, which no database takes, becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list; anything else in it is left out."""
    found = value if isinstance(value, list) else []
    return tuple(text(item) for item in found if isinstance(item, str))


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e18:
        return None
    return float(value) if math.isfinite(value) else None


def moment(value: object, per_second: int = 1) -> float | None:
    """Unix seconds within the calendar's range; `value` counts parts of a second."""
    given = number(value)
    seconds = None if given is None else given / per_second
    return seconds if seconds is not None and 0 <= seconds <= _LAST_MOMENT else None


def instant(value: object) -> float | None:
    """Unix seconds of a time in the notation of ISO 8601; without a zone, it is UTC."""
    try:
        at = datetime.fromisoformat(text(value).replace("Z", "+00:00"))
        return moment((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp())
    except (ValueError, OverflowError):
        return None


def whole(value: object) -> int | None:
    given = number(value)
    return None if given is None else int(given)
