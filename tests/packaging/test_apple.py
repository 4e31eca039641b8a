"""What Apple's tools are told, held against what their manual pages accept."""

from __future__ import annotations

import json
import plistlib
import subprocess
from pathlib import Path
from typing import Any

import apple
import pytest

from . import apple_tools
from .mach_o_files import ARM64, thin, universal

MACH_O = thin()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tools = tmp_path / "tools"
    tools.mkdir()
    apple_tools.install(tools, tmp_path / "log")
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return tmp_path / "log"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    app = tmp_path / "Qwen3 MLX.app"
    for name, data in {
        "MacOS/qwen3mlx": MACH_O,
        "MacOS/qwen3mlx-app": MACH_O,
        "Frameworks/mlx/lib/libmlx.dylib": MACH_O,
        "Frameworks/Python": universal((ARM64, thin())),
        "Resources/licences/README.txt": b"words",
        "Info.plist": b"<plist/>",
    }.items():
        path = app / "Contents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (app / "Contents/Frameworks/linked.dylib").symlink_to("mlx/lib/libmlx.dylib")
    return app


def said(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_all_code_is_signed_from_the_inside_out(app: Path, log: Path) -> None:
    apple.sign(app, "Developer ID Application: A (1)")
    contents, entitlements = app / "Contents", str(apple.ENTITLEMENTS)
    runtime = ["codesign", "--force", "--timestamp", "--options", "runtime"]
    by = ["--sign", "Developer ID Application: A (1)"]
    assert said(log) == [
        [*runtime, *by, str(contents / "Frameworks/mlx/lib/libmlx.dylib")],
        [*runtime, *by, str(contents / "Frameworks/Python")],
        [*runtime, "--entitlements", entitlements, *by, str(contents / "MacOS/qwen3mlx")],
        [*runtime, "--entitlements", entitlements, *by, str(contents / "MacOS/qwen3mlx-app")],
        [*runtime, "--entitlements", entitlements, *by, str(app)],
        ["codesign", "--verify", "--deep", "--strict", "--verbose=2", str(app)],
    ]


def test_an_app_is_notarized_as_an_archive_and_stapled_itself(app: Path, log: Path) -> None:
    apple.notarize(app, "release")
    archive, profile = app.with_suffix(".zip"), ["--keychain-profile", "release", "--wait"]
    assert said(log) == [
        ["ditto", "-c", "-k", "--keepParent", str(app), str(archive)],
        ["xcrun", "notarytool", "submit", str(archive), *profile],
        ["xcrun", "stapler", "staple", str(app)],
    ]
    assert not archive.exists()


def test_a_disk_image_is_signed_notarized_and_stapled(tmp_path: Path, log: Path) -> None:
    image = tmp_path / "qwen3mlx-1.dmg"
    image.touch()
    apple.sign_image(image, "ID")
    apple.notarize(image, "release")
    assert said(log) == [
        ["codesign", "--force", "--timestamp", "--sign", "ID", str(image)],
        ["xcrun", "notarytool", "submit", str(image), "--keychain-profile", "release", "--wait"],
        ["xcrun", "stapler", "staple", str(image)],
    ]


def test_a_wrong_identity_stops_at_the_first_file(app: Path, log: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        apple.sign(app, "nobody")
    assert len(said(log)) == 1


def test_the_disk_image_shows_the_app_beside_the_applications_folder(tmp_path: Path) -> None:
    commands: list[list[str]] = []
    app = tmp_path / "Qwen3 MLX.app"
    image_file = tmp_path / "new.dmg"
    apple.disk_image(app, image_file, "python", lambda command: commands.append([*command]))
    ((python, *module, settings_option, settings, define, value, title, image),) = commands
    assert [python, *module] == ["python", "-m", "dmgbuild"]
    assert (settings_option, define, title) == ("-s", "-D", "Qwen3 MLX")
    assert image == str(image_file)
    name, _, path = value.partition("=")
    read: dict[str, Any] = {"defines": {name: path}}
    exec(Path(settings).read_text(), read)
    assert read["files"] == [str(app)]
    assert read["symlinks"] == {"Applications": "/Applications"}
    assert set(read["icon_locations"]) == {"Qwen3 MLX.app", "Applications"}


def test_the_entitlements_are_those_that_are_explained() -> None:
    entitlements = plistlib.loads(apple.ENTITLEMENTS.read_bytes())
    assert entitlements == {"com.apple.security.cs.allow-unsigned-executable-memory": True}
