from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.dialects.ollama.keep_alive import seconds


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (None, None),
        ("", None),
        (0, 0),
        (30, 30),
        (0.5, 0.5),
        ("0", 0),
        ("90", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("300ms", 0.3),
        ("2h45m10s", 9910),
        (-1, math.inf),
        ("-1", math.inf),
        ("-1m", math.inf),
        (-0.5, math.inf),
    ],
)
def test_seconds(given_value: float | str | None, expected: float | None) -> None:
    assert seconds(given_value) == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("value", ["soon", "5 m", "m", "5m ", "1h-3m", "٣m", math.nan, "nan"])
def test_what_is_no_duration_is_refused(value: float | str) -> None:
    with pytest.raises(InvalidRequestError, match="keep_alive") as caught:
        seconds(value)
    assert caught.value.param == "keep_alive"


@given(st.text(alphabet="0123456789.+-hmsnuµ ", max_size=12))
def test_any_text_is_seconds_or_refused(text: str) -> None:
    try:
        value = seconds(text)
    except InvalidRequestError:
        return
    assert value is None or value >= 0


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_go_durations_add_up(hours: int, minutes: int, whole_seconds: int) -> None:
    expected = hours * 3600 + minutes * 60 + whole_seconds
    assert seconds(f"{hours}h{minutes}m{whole_seconds}s") == expected
