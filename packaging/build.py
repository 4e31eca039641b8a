"""Build the bundle with the window, the endpoint and the command, and what it is shipped in.

Run it with an environment that holds what the bundle shall hold: `make bundle`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import apple
import contents
import icon
import licences

HERE = Path(__file__).parent
ROOT = HERE.parent
ON_MAC = sys.platform == "darwin"


class BuildError(Exception):
    """A sentence that says what is missing, and what to do."""


def main() -> None:
    options = _options()
    try:
        _build(options)
    except (BuildError, licences.NoLicence) as error:
        sys.exit(f"build: {error}")
    except OSError as error:
        sys.exit(f"build: {error.filename or options.out}: {error.strerror}.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"build: {error.cmd[0]} failed with exit code {error.returncode}.")


def _build(options: argparse.Namespace) -> None:
    bundle = frozen(options.out)
    notices = _resources(bundle) / "licences"
    licences.collect(notices)
    licences.collect_python(notices)
    if not ON_MAC:
        licences.collect_system(notices, system_libraries(bundle))
        print(f"{archive(bundle, options.out)}")
    for line in sizes(bundle):
        print(line)
    if options.sign:
        apple.sign(bundle, options.sign)
    if options.notarize:
        apple.notarize(bundle, options.notarize)
    if options.dmg:
        _disk_image(bundle, options)


def _disk_image(app: Path, options: argparse.Namespace) -> None:
    image = options.out / f"{contents.NAME}-{version(contents.NAME)}.dmg"
    apple.disk_image(app, image, sys.executable)
    if options.sign:
        apple.sign_image(image, options.sign)
    if options.notarize:
        apple.notarize(image, options.notarize)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder for results")
    parser.add_argument("--sign", metavar="ID", help="macOS: sign with this identity")
    parser.add_argument(
        "--notarize", metavar="PROFILE", help="macOS: notarize with this profile of the keychain"
    )
    parser.add_argument("--dmg", action="store_true", help="macOS: make a disk image")
    options = parser.parse_args()
    if not ON_MAC and (options.sign or options.notarize or options.dmg):
        parser.error("--sign, --notarize and --dmg need macOS.")
    if options.notarize and not options.sign:
        parser.error("--notarize needs --sign: Apple notarizes only what is signed.")
    return options


def frozen(out: Path) -> Path:
    """Run PyInstaller; return the app (macOS) or the folder that it made."""
    work = ROOT / "build" / "pyinstaller"
    work.mkdir(parents=True, exist_ok=True)
    if ON_MAC:
        (ROOT / "build" / "qwen3mlx.icns").write_bytes(icon.icns())
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(out), "--workpath", str(work), "qwen3mlx.spec"]
    # Elsewhere, the packages of the current folder would be taken in place of the installed ones.
    subprocess.run(command, check=True, cwd=HERE)
    if ON_MAC:
        shutil.rmtree(out / contents.NAME)
        return out / f"{contents.DISPLAY_NAME}.app"
    _strip(out / contents.NAME)
    _add_to_menu(out / contents.NAME)
    return out / contents.NAME


def _strip(bundle: Path) -> None:
    """Leave out what is for debuggers, except where wheels brought libraries along.

    Those were moved within their files, which not every `strip` understands.
    """
    found = (path for path in bundle.rglob("*.so*") if not path.is_symlink())
    own = [path for path in found if not any(part.endswith(".libs") for part in path.parts)]
    subprocess.run(["strip", "--strip-debug", *own], check=True)


def _add_to_menu(bundle: Path) -> None:
    """Add what a Linux desktop needs to list the app; `install.sh` puts it where it looks."""
    for name in ("qwen3mlx.desktop", "install.sh", contents.WINDOW):
        shutil.copy(HERE / "linux" / name, bundle / name)
    (bundle / "qwen3mlx.png").write_bytes(icon.png(256))


def _resources(bundle: Path) -> Path:
    return bundle / "Contents" / "Resources" if ON_MAC else bundle


def system_libraries(bundle: Path) -> list[str]:
    """Return the libraries in a Linux bundle that are the system's, not a wheel's or Python's."""
    here = Path(sys.prefix)
    from_wheels = {path.name for path in here.rglob("*.so*")}
    found = (path.name for path in (bundle / "_internal").glob("*.so*"))
    return [name for name in found if name not in from_wheels and not name.startswith("libpython")]


def archive(bundle: Path, out: Path) -> Path:
    """Pack a Linux bundle."""
    machine = os.uname().machine
    path = out / f"{contents.NAME}-{version(contents.NAME)}-linux-{machine}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=6) as tar:
        tar.add(bundle, arcname=bundle.name, filter=_anonymous)
    return path


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def sizes(bundle: Path) -> list[str]:
    """Return lines with the megabytes of the bundle's parts, the largest first, and of all."""
    parts: Counter[str] = Counter()
    for path in bundle.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts[_part(path.relative_to(bundle))] += path.stat().st_size
    lines = [f"{size / 1e6:8.1f} MB  {name}" for name, size in parts.most_common()]
    return [*lines, f"{parts.total() / 1e6:8.1f} MB  all"]


def _part(path: Path) -> str:
    """Return the component that a file belongs to: a package, Python, or the system's libraries."""
    inner = [part for part in path.parts if part not in ("_internal", "Contents", "Frameworks")]
    if len(inner) > 1:
        return inner[0].partition("-" if inner[0].endswith(".dist-info") else ".")[0]
    if ".so" in path.suffixes or path.suffix == ".dylib":
        return "Python" if path.name.startswith("libpython") else "libraries"
    return path.name


if __name__ == "__main__":
    main()
