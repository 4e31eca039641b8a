"""The licences of everything in the bundle, collected from the installed distributions."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from qwen3mlx_app.services.about import licence_of

# What builds the bundle and is not in it; PyInstaller's own part in it is the bootloader, whose
# licence permits that.
TOOLS = {
    "altgraph", "dmgbuild", "ds-store", "hatchling", "mac-alias", "macholib", "pathspec",
    "pip", "pluggy", "pyinstaller-hooks-contrib", "setuptools", "trove-classifiers",
}  # fmt: skip
_NAMES = ("licen", "copying", "notice", "authors")


class NoLicence(Exception):
    """A distribution states no licence, so nobody knows whether it may be passed on."""


def collect(folder: Path, found: Iterable[Distribution] | None = None) -> list[str]:
    """Write the licences into `folder`, with a list in README.txt; return the list.

    Raises NoLicence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for each in sorted(found or distributions(), key=lambda each: each.name.lower()):
        if each.name.lower() in TOOLS:
            continue
        licence = stated(each)
        lines.append(f"{each.name} {each.version}: {licence}")
        _copy_files(each, folder / each.name)
    (folder / "README.txt").write_text("\n".join([*_INTRODUCTION, *lines, ""]), encoding="utf-8")
    return lines


_INTRODUCTION = (
    "qwen3mlx holds these parts, each under its own licence. Their texts are in the folders here.",
    "",
    "Qt and PySide6 are used under the LGPL, version 3: they are separate shared libraries in this",
    "bundle, which you may replace with your own builds. Their source: https://code.qt.io",
    "",
)


def stated(distribution: Distribution) -> str:
    """Return the licence that the distribution's metadata name. Raises NoLicence."""
    licence = licence_of(distribution)
    if not licence:
        raise NoLicence(f"{distribution.name} states no licence.")
    return licence


def _copy_files(distribution: Distribution, folder: Path) -> None:
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        in_metadata = any(part.endswith(".dist-info") for part in file.parts)
        if in_metadata and file.name.lower().startswith(_NAMES) and path.is_file():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(path, folder / "-".join(file.parts[1:]))


def collect_python(folder: Path) -> None:
    """Add Python's own licence, which also lists those of the libraries in it."""
    shutil.copyfile(Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", folder / "Python.txt")


def collect_system(folder: Path, libraries: Iterable[str]) -> list[str]:
    """Add the licences of `libraries`, names of files that Debian's packages brought.

    Return the packages' names. Raises NoLicence where there is none for a library.
    """
    packages = sorted({_package_of(library) for library in libraries})
    for package in packages:
        copyright = Path("/usr/share/doc", package, "copyright")
        if not copyright.is_file():
            raise NoLicence(f"{copyright} is missing: install {package} with its documentation.")
        shutil.copyfile(copyright, folder / f"{package}.txt")
    return packages


def _package_of(library: str) -> str:
    command = ["dpkg", "-S", f"*/{library}"]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    if found.returncode:
        raise NoLicence(f"No package of this system has brought {library}.")
    return found.stdout.partition(":")[0]
