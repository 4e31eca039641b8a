"""`keep_alive`: how long a model stays in memory after the request."""

from __future__ import annotations

import math
import re

from ....errors import InvalidRequestError
from ....quoting import quoted

# Go's time.ParseDuration: https://pkg.go.dev/time#ParseDuration
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60, "h": 3600}
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PART = re.compile(rf"({_NUMBER})({'|'.join(_UNITS)})")
_DURATION = re.compile(rf"([+-]?)((?:{_NUMBER}(?:{'|'.join(_UNITS)}))+)")
_SECONDS = re.compile(rf"[+-]?{_NUMBER}")


def seconds(keep_alive: float | str | None) -> float | None:
    """Seconds, from a number or a duration (`5m`, `1h30m`, `-1`); None if it is not given.

    Infinity if negative: the model is never unloaded. Raises InvalidRequestError.
    """
    if keep_alive is None or keep_alive == "":
        return None
    value = _parse(keep_alive) if isinstance(keep_alive, str) else keep_alive
    if value is None or math.isnan(value):
        raise InvalidRequestError(
            f"keep_alive is {quoted(keep_alive)}; it must be a number of seconds, a duration such "
            "as 5m or 1h30m, or -1 to keep the model loaded.",
            param="keep_alive",
        )
    return math.inf if value < 0 else value


def _parse(text: str) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    if duration := _DURATION.fullmatch(text):
        sign = -1 if duration[1] == "-" else 1
        parts = _PART.findall(duration[2])
        return sign * sum(float(number) * _UNITS[unit] for number, unit in parts)
    return None
