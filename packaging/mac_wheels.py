"""Check that a Mac can install every dependency from wheels alone: macOS 14 on Apple silicon.

Downloads the wheels that `requirements/LOCK.txt` pins, and reads them: none needs a compiler, each
dependency is pinned, all native code is for arm64, and Qt is there once. Libraries that were built
for a newer macOS are listed: macOS loads them, unless they use what it does not have yet.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple

import contents
import mach_o
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[1]
MINIMUM = tuple(map(int, contents.MINIMUM_MACOS.split(".")))
PLATFORM = f"macosx_{MINIMUM[0]}_{MINIMUM[1]}_arm64"
PYTHONS = ("3.12", "3.13")
LOCKS = ("app", "bundle")


class WheelError(Exception):
    """A sentence that says which wheel a Mac cannot use, and why."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mac-wheels")
    parser.add_argument("locks", nargs="*", default=LOCKS, help="names in requirements/")
    options = parser.parse_args()
    try:
        for lock in options.locks:
            for python in PYTHONS:
                print(_checked(lock, python, options.out / f"{lock}-{python}"))
    except WheelError as error:
        sys.exit(f"mac_wheels: {error}")
    except OSError as error:
        sys.exit(f"mac_wheels: {error.filename}: {error.strerror}.")


def _checked(lock: str, python: str, folder: Path) -> str:
    pinned = locked((ROOT / "requirements" / f"{lock}.txt").read_text("utf-8"), python)
    download(pinned, python, folder)
    wheels = sorted(folder.glob("*.whl"))
    found = check(wheels, python)
    megabytes = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    lines = [
        f"{lock}, Python {python}: {len(wheels)} wheels, {megabytes:.0f} MB, for {PLATFORM};"
        f" {found.num_native} native files, all with arm64."
    ]
    lines += [
        f"  {wheel}: {count} of them were built for macOS {system}."
        for (wheel, system), count in sorted(found.newer.items())
    ]
    return "\n".join(lines)


def environment(python: str) -> dict[str, str]:
    """Return what markers of requirements see on such a Mac."""
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "arm64",
        "platform_python_implementation": "CPython",
        "platform_system": "Darwin",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "darwin",
    }


def locked(text: str, python: str) -> list[str]:
    """Return the lines of a lock file that count on a Mac, each with its hashes, markers gone."""
    lines = []
    for line in text.replace("\\\n", "").splitlines():
        pin, *hashes = line.split(" --hash=")
        if pin.strip() and not pin.startswith("#"):
            requirement = Requirement(pin)
            if requirement.marker is None or requirement.marker.evaluate(environment(python)):
                requirement.marker = None
                lines.append(" --hash=".join([str(requirement), *map(str.strip, hashes)]))
    return lines


def download(pinned: Iterable[str], python: str, folder: Path) -> None:
    """Download one wheel for each requirement. Raises WheelError if there is none for a Mac."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    requirements = folder / "requirements.txt"
    requirements.write_text("\n".join(pinned) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--implementation", "cp"]
    command += ["--platform", PLATFORM, "--python-version", python]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        reason = said[-1].removeprefix("ERROR: ") if said else done.stderr.strip()
        raise WheelError(f"There are not all wheels for {PLATFORM}, Python {python}: {reason}")


class Found(NamedTuple):
    """`newer` counts files by wheel and system, where that is newer than the app's oldest."""

    num_native: int
    newer: Counter[tuple[str, str]]


def check(wheels: Sequence[Path], python: str) -> Found:
    """Return what native code there is. Raises WheelError."""
    _check_dependencies(wheels, python)
    systems: list[tuple[str, tuple[int, int] | None]] = []
    with_qt = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            if any("/QtCore." in name or "libQt6Core" in name for name in archive.namelist()):
                with_qt.append(wheel.name)
            systems += [(wheel.name, system) for system in _native(archive, wheel.name)]
    if len(with_qt) > 1:
        raise WheelError(f"These wheels have a copy of Qt each: {', '.join(with_qt)}.")
    newer = [(name, system) for name, system in systems if system is not None and system > MINIMUM]
    return Found(len(systems), Counter((name, f"{new[0]}.{new[1]}") for name, new in newer))


def _check_dependencies(wheels: Sequence[Path], python: str) -> None:
    """Whatever a wheel needs on a Mac is among the wheels, in a version that it accepts."""
    versions = {name: version for name, version, *_ in _parsed(wheels)}
    for wheel in wheels:
        for requirement in _needed(wheel, python):
            found = versions.get(canonicalize_name(requirement.name))
            if found is None or not requirement.specifier.contains(found, prereleases=True):
                raise WheelError(f"{wheel.name} needs {requirement}, and the lock has {found}.")


def _parsed(wheels: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for wheel in wheels:
        name, version, *_ = parse_wheel_filename(wheel.name)
        yield name, str(version)


def _needed(wheel: Path, python: str) -> Iterator[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        # Some wheels hold whole copies of others, with their metadata.
        own = (name for name in archive.namelist() if name.count("/") == 1)
        (path,) = (name for name in own if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(path).decode("utf-8"))
    for text in headers.get_all("Requires-Dist") or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or marker.evaluate({**environment(python), "extra": ""}):
            yield requirement


def _native(archive: zipfile.ZipFile, wheel: str) -> Iterator[tuple[int, int] | None]:
    """Yield the oldest system of each native file. Raises WheelError for what no Mac can load."""
    for name in archive.namelist():
        with archive.open(name) as file:
            start = file.read(8)
            if mach_o.is_mach_o(start):
                yield _oldest_system(start + file.read(), f"{wheel}: {name}")
            elif name.endswith((".so", ".dylib")):
                raise WheelError(f"{wheel}: {name} is a library, but not macOS's.")


def _oldest_system(data: bytes, where: str) -> tuple[int, int] | None:
    try:
        parts = {part.processor: part.minimum_macos for part in mach_o.slices(data)}
    except ValueError as error:
        raise WheelError(f"{where}: {error}") from None
    if "arm64" not in parts:
        raise WheelError(f"{where} is for {', '.join(parts)}, not for arm64.")
    return parts["arm64"]


if __name__ == "__main__":
    main()
