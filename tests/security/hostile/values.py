"""Single values that do not belong where they are."""

from __future__ import annotations

import json
import random
from typing import Any

MARKUP = '<img src="file:///etc/passwd"><b>x</b>&lt;'
TEXTS = (
    "",
    " ",
    MARKUP,
    "\u202egpj.exe",
    "\x1b[31mred\x1b[0m",
    "a\0b",
    "line\nline\r\nline\u2028line",
    "[*] & \t Ctrl+Q",
    "\ufdd0\ufdd1\ufffc\ufffe",
    "x" * 100_000,
    "x " * 50_000,
    "\n" * 20_000,
    "ก้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้้" * 50,
    "👩‍👩‍👧‍👦" * 500,
    "العربية \u2067 שלום" * 20,
    "../../../../etc/passwd",
    "$(touch /tmp/x); `id`",
    "%s%n{0}{name}",
    "streaming",
    "null",
    "-1",
)
NUMBERS = (
    -1,
    0,
    1,
    2**31,
    2**63 - 1,
    -(2**63),
    0.5,
    -0.0,
    1e18,
    1e300,
    -1e300,
    float("inf"),
    float("-inf"),
    float("nan"),
    253402300800.0,
    99999999999999,
)
JSON_TEXTS = (
    "{}",
    "[]",
    "null",
    "3",
    '"x"',
    "{",
    "[" * 100_000,
    '{"a":' * 5000,
    '[{"id": 1, "name": [], "arguments": {}}]',
    '[{"name": "x", "kind": "virus", "text": 7, "num_bytes": -5, "language": null}]',
    "[null, 1, [], {}]",
    '{"system_prompt": 5, "thinking": "yes", "thinking_budget": 1e99, "sampling": []}',
    '{"sampling": {"temperature": "hot", "top_k": null, "n": 5, "seed": 1e400}}',
    '{"thinking_budget": -5, "sampling": {"temperature": NaN}}',
    '{"tokens_per_second": "fast", "completion_tokens": [], "ttft_s": Infinity}',
    '{"tokens_per_second": 1e308, "thinking_s": -1}',
    '{"system_prompt": "\\ud800"}',
    '{"a": ' + "9" * 6000 + "}",
)


def text(rng: random.Random) -> str:
    return rng.choice(TEXTS)


def scalar(rng: random.Random) -> Any:
    """Values for a column of SQLite."""
    kind = rng.randrange(5)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return rng.choice((None, b"", b"\xff\xfe", rng.randbytes(50), bytes(10_000)))
    return rng.choice(JSON_TEXTS) if kind == 2 else text(rng)


def json_value(rng: random.Random, depth: int = 2) -> Any:
    kind = rng.randrange(6 if depth else 3)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return rng.choice((None, True, False, [], {}))
    if kind == 4:
        return [json_value(rng, depth - 1) for _ in range(rng.choice((1, 3, 50)))]
    if kind == 5:
        return {text(rng)[:50]: json_value(rng, depth - 1) for _ in range(3)}
    return rng.choice((text(rng), "\ud800", "a" * 5000))


def broken_json(rng: random.Random) -> bytes:
    return rng.choice(
        (
            b"",
            b"{",
            b"\xff\xfe\x00",
            b"[" * 200_000,
            b'{"a":' * 100_000,
            json.dumps(text(rng)).encode(),
            b"9" * 10_000,
            b"\0" * 1000,
            b'{"theme": "dark", "theme": {}}',
            rng.randbytes(500),
            b" " * 5_000_000,
        )
    )
