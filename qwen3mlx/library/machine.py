"""The computer that a model is to run on: this one, or one that is only spoken of."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..config.memory import memory_limit, working_set
from ..errors import InvalidRequestError
from ..quoting import quoted
from .family import memory_bytes

TABLE = Path(__file__).resolve().parent / "chips.json"
_MEMORY = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)\s*(?:gb|gib)?", re.IGNORECASE | re.ASCII)


class Chip(NamedTuple):
    """`bandwidth` is in GB/s; `matmul_tflops` are those of matrix products."""

    name: str
    bandwidth: float
    matmul_tflops: float


class Machine(NamedTuple):
    """`usable_bytes` is what its GPU may keep; of these, weights, keys and values, activations and
    cached prefixes get `limit_bytes`. `chip` is None if its speed is not known.
    """

    memory_bytes: int
    usable_bytes: int
    limit_bytes: int
    chip: Chip | None = None

    @classmethod
    def of(cls, memory: int, usable: int, chip: Chip | None) -> Machine:
        return cls(memory, usable, memory_limit(usable), chip)


@cache
def chips() -> dict[str, Chip]:
    """Return the chips of the table by their names in lower case, as in `m4 max`."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["chips"]
    return {
        row["name"].casefold(): Chip(
            row["name"], row["bandwidth"], row.get("matmul_tflops", row["tflops"])
        )
        for row in rows
    }


def machine(memory: str | None = None, chip: str | None = None) -> Machine:
    """Return this computer, or a Mac with that memory (`32GB`) or chip (`M4 Max`).

    Raises InvalidRequestError.
    """
    found = _named(chip) if chip is not None else _known(chip_name())
    if memory is not None:
        num_bytes = _num_bytes(memory)
        return Machine.of(num_bytes, working_set(num_bytes), found)
    if chip is not None:
        return Machine.of(memory_bytes(), working_set(memory_bytes()), found)
    from ..model.device import usable_memory

    return Machine.of(memory_bytes(), usable_memory(), found)


@cache
def chip_name() -> str:
    """The processor's name; elsewhere than on a Mac with the number of its cores."""
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n"):
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return f"{value.strip()}, {os.cpu_count()} cores"
    return platform.machine()


def _known(name: str) -> Chip | None:
    return chips().get(" ".join(name.casefold().removeprefix("apple").split()))


def _named(name: str) -> Chip:
    if (found := _known(name)) is None:
        listed = ", ".join(each.name for each in chips().values())
        raise InvalidRequestError(
            f"There is no chip {quoted(name)}: use one of {listed}.", param="chip"
        )
    return found


def _num_bytes(text: str) -> int:
    """Read a Mac's memory, whose gigabytes are powers of two."""
    match = _MEMORY.fullmatch(text.strip())
    num_bytes = int(float(match[1]) * (1 << 30)) if match else 0
    if not num_bytes:
        raise InvalidRequestError(f"memory is {quoted(text)}; write it as 32GB.", param="memory")
    return num_bytes
