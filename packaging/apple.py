"""Apple's tools: what is signed, notarized and put into a disk image, and how.

Commands are run through `run`, in order; each raises CalledProcessError if it fails.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import mach_o

HERE = Path(__file__).parent
ENTITLEMENTS = HERE / "macos" / "entitlements.plist"
DMG_SETTINGS = HERE / "macos" / "dmg.py"

Run = Callable[[Sequence[str]], object]


def run(command: Sequence[str]) -> None:
    """Run one of the tools; its output is shown."""
    subprocess.run(command, check=True)


def sign(app: Path, identity: str, run: Run = run) -> None:
    """Sign all code in `app`, the innermost first, then `app` itself; check the result."""
    executables = app / "Contents" / "MacOS"
    inner = [path for path in code_in(app) if path.parent != executables]
    for path in sorted(inner, key=lambda path: (-len(path.parts), path)):
        run(_codesign(path, identity))
    for path in (*sorted(path for path in code_in(app) if path.parent == executables), app):
        run(_codesign(path, identity, "--entitlements", str(ENTITLEMENTS)))
    run(["codesign", "--verify", "--deep", "--strict", "--verbose=2", str(app)])


def code_in(app: Path) -> list[Path]:
    """Return the Mach-O files in `app`; links are not followed."""
    files = (path for path in app.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if mach_o.is_mach_o(_first_bytes(path))]


def notarize(product: Path, profile: str, run: Run = run) -> None:
    """Have Apple check `product`, an app or a disk image, and attach the ticket.

    `profile` is a name in the keychain: `xcrun notarytool store-credentials` puts it there.
    """
    sent = product
    if product.suffix == ".app":
        sent = product.with_suffix(".zip")
        run(["ditto", "-c", "-k", "--keepParent", str(product), str(sent)])
    run(["xcrun", "notarytool", "submit", str(sent), "--keychain-profile", profile, "--wait"])
    run(["xcrun", "stapler", "staple", str(product)])
    if sent != product:
        sent.unlink(missing_ok=True)


def disk_image(app: Path, image: Path, python: str, run: Run = run) -> None:
    """Make `image` with `app` and a link to the Applications folder."""
    image.unlink(missing_ok=True)
    settings = ["-s", str(DMG_SETTINGS), "-D", f"app={app}"]
    run([python, "-m", "dmgbuild", *settings, app.stem, str(image)])


def sign_image(image: Path, identity: str, run: Run = run) -> None:
    run(["codesign", "--force", "--timestamp", "--sign", identity, str(image)])


def _codesign(path: Path, identity: str, *more: str) -> list[str]:
    options = ["--force", "--timestamp", "--options", "runtime", *more]
    return ["codesign", *options, "--sign", identity, str(path)]


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)
