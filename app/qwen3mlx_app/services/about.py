"""What the program is made of: versions and licences, and the machine it runs on. Without Qt."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import NamedTuple

NAME = "qwen3mlx"
_REQUIRED = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


class Part(NamedTuple):
    """A library that the program uses; the licence is empty if it states none."""

    name: str
    version: str
    licence: str


def parts() -> list[Part]:
    """The program, and all that it needs and that is installed, by name."""
    found: dict[str, Distribution] = {}
    todo = [(NAME, {"app"})]
    while todo:
        name, extras = todo.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            found[key] = distribution(name)
        except PackageNotFoundError:  # it is for another system
            continue
        todo += [(needed, set()) for needed in _needed(found[key], extras)]
    listed = (Part(one.name, one.version, licence_of(one)) for one in found.values())
    return sorted(listed, key=lambda part: part.name.lower())


def _needed(one: Distribution, extras: set[str]) -> list[str]:
    names = []
    for requirement in one.requires or ():
        name, extra = _REQUIRED.match(requirement), _EXTRA.search(requirement)
        if name is not None and (extra is None or extra[1] in extras):
            names.append(name[0])
    return names


def licence_of(one: Distribution) -> str:
    """The licence that the metadata name on their first line, or an empty text."""
    metadata = one.metadata
    names: list[str] = [
        classifier.rpartition("::")[2].strip()
        for classifier in metadata.get_all("Classifier") or ()
        if classifier.startswith("License ::")
    ]
    for field in ("License-Expression", "License"):
        names[:0] = (metadata.get_all(field) or [])[:1]
    if not names or names[0].strip() in ("", "UNKNOWN"):
        return ""
    return names[0].strip().splitlines()[0]


def versions() -> list[str]:
    """Lines with the versions that matter most for a fault."""
    known = {part.name: part.version for part in parts()}
    lines = [f"{NAME} {known.get(NAME, '?')}"]
    lines += [f"{name} {known[name]}" for name in ("mlx", "PySide6_Essentials") if name in known]
    bundled = ", in a bundle" if getattr(sys, "frozen", False) else ""
    return [*lines, f"Python {platform.python_version()}{bundled}"]


def machine() -> list[str]:
    """Lines about the system, processor and memory."""
    import psutil  # not at each start of the window

    memory = psutil.virtual_memory()
    return [
        f"{platform.platform()}, {platform.machine()}",
        f"{os.cpu_count()} cores, {memory.total / 1e9:.0f} GB memory,"
        f" {memory.available / 1e9:.0f} GB of it free",
    ]
