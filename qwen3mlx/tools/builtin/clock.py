"""The current time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from ...quoting import quoted
from .made import BuiltIn, ToolFault


def now(arguments: Mapping[str, Any]) -> str:
    """`2026-01-31T09:30:00+01:00 (Saturday, Europe/Berlin)`."""
    name = arguments.get("timezone")
    moment = datetime.now(timezone.utc).astimezone(None if name is None else _zone(name))
    zone = name or moment.tzname() or "local time"
    return f"{moment.isoformat(timespec='seconds')} ({moment:%A}, {zone})"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise ToolFault(
            f"There is no time zone {quoted(name)}: use a name such as Europe/Berlin or Asia/Tokyo."
        ) from None


CLOCK = BuiltIn(
    name="current_time",
    description="Get the current date, time and weekday, here or in a time zone.",
    properties={
        "timezone": {
            "type": "string",
            "maxLength": 100,
            "description": "IANA name such as Asia/Tokyo; left out for the user's own.",
        }
    },
    required=(),
    work=now,
    unasked="always",
)
