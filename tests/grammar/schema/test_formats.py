"""Formats as patterns, compared with the standard library's parsers."""

from __future__ import annotations

import datetime
import ipaddress
import random
import re
from collections.abc import Callable

import pytest

from qwen3mlx.grammar.schema.formats import FORMATS


def matches(name: str, text: str) -> bool:
    return re.fullmatch(FORMATS[name][1:-1], text) is not None


def reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def test_dates_are_those_of_the_calendar() -> None:
    for year in (*range(0, 2500, 3), 1900, 2000, 2023, 2024, 9996, 9999):
        for month in range(14):
            for day in (0, 1, 28, 29, 30, 31, 32):
                text = f"{year:04}-{month:02}-{day:02}"
                assert matches("date", text) == reads(datetime.date.fromisoformat, text), text


def test_addresses_are_those_that_can_be_read() -> None:
    rng = random.Random(1)
    for _ in range(20_000):
        groups = [rng.choice(["1", "ab", "ffff", "", "0", "12345"]) for _ in range(9)]
        text = ":".join(groups[: rng.randint(0, 9)])
        text = rng.choice(["", "", "::"]) + text + rng.choice(["", "", ":1.2.3.4", "::", ":256.1"])
        assert matches("ipv6", text) == reads(ipaddress.IPv6Address, text), text


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "time",
            ["23:59:59Z", "00:00:00.5+05:30"],
            ["24:00:00Z", "23:59:60Z", "10:00:00"],
        ),
        ("date-time", ["2024-02-29T10:00:00Z"], ["2023-02-29T10:00:00Z", "2024-01-01 10:00:00Z"]),
        ("duration", ["P1Y2M3D", "PT1H", "P2W", "P1DT12H"], ["P", "P1DT", "1D", "P1Y3D", "P1W2D"]),
        ("email", ["a.b+c@x.co", "a@[127.0.0.1]"], ["a", ".a@b", "a..b@c", "a@-b", "a@b c", "a@"]),
        ("hostname", ["a", "a-b.c1", "x" * 63], ["-a", "a-", "a..b", "", "x" * 64, "a_b"]),
        ("ipv4", ["0.0.0.0", "255.1.2.3"], ["256.1.1.1", "1.1.1", "01.1.1.1", "1.1.1.1 "]),
        ("uuid", ["123e4567-E89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000"]),
        (
            "uri",
            ["http://a", "mailto:a@b", "urn:x:y", "https://u@[::1]:80/p?q#f", "file:///x"],
            ["", "a", "//a/b", "http://a b", "http://[:::]", "http://a/%zz", "1a:b"],
        ),
    ],
)
def test_others_by_example(name: str, right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if not matches(name, text)] == []
    assert [text for text in wrong if matches(name, text)] == []
