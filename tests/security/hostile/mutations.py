"""Good values -> bad ones."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import qwen3mlx

Json = Any

DEMO = Path(qwen3mlx.__file__).parent / "demo" / "dense"
DEEP = "a-hundred-thousand-brackets-go-here"
ODD: tuple[Json, ...] = (
    None, True, False, 0, -1, 1, 7, 1.5, -0.5, 1e308, 2**31, 2**63, -(2**63), 10**30,
    float("nan"), float("inf"), "", "x", "0", "\0", "\ud800", "\u202e", "a\r\nb: c",
    "\x1b[2J\x1b]0;t\a", "<img src=file:///etc/passwd>", "../../../../escape", "/etc/passwd",
    "{{ 9**9 }}", "%s%n", "x" * 100_000, [], {}, [[]], [None], [1, "a", {}], {"": None},
    {"$ref": "#"}, ["x"] * 10_000, {f"k{i}": i for i in range(2_000)}, DEEP,
)  # fmt: skip


def odd(rng: random.Random) -> Json:
    return copy.deepcopy(rng.choice(ODD))


def mutated(rng: random.Random, value: Json, times: int = 1) -> Json:
    """Replace, remove, duplicate, wrap or rename this many of its parts."""
    value = copy.deepcopy(value)
    for _ in range(times):
        places = list(_places(value))
        if not places:
            return odd(rng)
        container, key = rng.choice(places)
        _change(rng, container, key)
    return value


def _places(value: Json) -> list[tuple[Any, Any]]:
    """Every part, as what holds it and under which name; of a long list the first and last ones."""
    found: list[tuple[Any, Any]] = []
    keys = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        keys = [*range(min(len(value), 8)), *range(max(8, len(value) - 8), len(value))]
    for key in keys[:64] + keys[-64:] if len(keys) > 128 else keys:
        found.append((value, key))
        found += _places(value[key])
    return found


def _change(rng: random.Random, container: Any, key: Any) -> None:
    what = rng.randrange(8)
    if what == 0:
        del container[key]
    elif what == 1:
        container[key] = [container[key]]
    elif what == 2:
        container[key] = {"value": container[key]}
    elif what == 3 and isinstance(container, list):
        container += [container[key]] * rng.choice([1, 100, 5_000])
    elif what == 3:
        container[f"{key}\0" if rng.random() < 0.3 else f"{key}{rng.randrange(9)}"] = container[key]
    elif what == 4 and isinstance(container[key], str):
        container[key] = container[key] * rng.choice([0, 2, 1_000]) + rng.choice(["", "\0", "🙂"])
    else:
        container[key] = odd(rng)


def json_bytes(rng: random.Random, value: Json) -> bytes:
    """Serialize to JSON that is sometimes slightly malformed."""
    text = json.dumps(value).replace(f'"{DEEP}"', "[" * 100_000)
    data = text.encode()
    return damaged(rng, data) if rng.random() < 0.1 else data


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Cut, change, duplicate or prepend some bytes."""
    at = rng.randrange(len(data) + 1)
    return rng.choice(
        [
            data[:at],
            data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at + 1 :],
            data[:at] + data,
            b"\xef\xbb\xbf" + data,
            b"\xff\xfe" + data,
            data + b"\0" * 100,
            data.replace(b"{", b'{"a": 1, "a": 2, ', 1),
            b"",
            rng.randbytes(1_000),
        ]
    )


def write_demo(folder: Path, files: Mapping[str, bytes | Callable[[Path], None]]) -> None:
    """The demo checkpoint with some files replaced; a function creates anything but a file."""
    for path in DEMO.iterdir():
        if path.name not in files:
            shutil.copyfile(path, folder / path.name)
    for name, content in files.items():
        if callable(content):
            content(folder / name)
        else:
            (folder / name).write_bytes(content)


def link_to(target: Path) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def read(name: str) -> Json:
    """A JSON file of the demo checkpoint."""
    return json.loads((DEMO / name).read_text("utf-8"))
