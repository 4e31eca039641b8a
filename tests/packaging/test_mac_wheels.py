"""What a Mac would install, held against made-up wheels: pip picks them, the script reads them."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import mac_wheels
import pytest
from mac_wheels import WheelError

from tests.support.places import ROOT

from .mach_o_files import ARM64, X86_64, thin, universal

PURE, MAC = "py3-none-any", "cp312-cp312-macosx_11_0_arm64"
LIBRARY = "one/_native.so"


def wheel(
    folder: Path,
    name: str = "one",
    tag: str = MAC,
    files: Mapping[str, bytes] | None = None,
    needs: tuple[str, ...] = (),
) -> Path:
    path = folder / f"{name}-1.0-{tag}.whl"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    metadata += [f"Requires-Dist: {need}" for need in needs]
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
        for member, data in (files or {}).items():
            archive.writestr(member, data)
    return path


def pin(path: Path, marker: str = "") -> str:
    name, version, _ = path.name.split("-", 2)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version}{marker} \\\n    --hash=sha256:{digest}\n"


def test_a_lock_is_read_as_a_mac_reads_it() -> None:
    text = (
        "mlx==1 ; sys_platform == 'darwin' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "mlx-cpu==1 ; sys_platform == 'linux' \\\n    --hash=sha256:cc\n"
        "old==1 ; python_full_version < '3.13' \\\n    --hash=sha256:dd\n"
        "hf-xet==1 ; platform_machine == 'arm64' \\\n    --hash=sha256:ee\n"
    )
    newer = ["mlx==1 --hash=sha256:aa --hash=sha256:bb", "hf-xet==1 --hash=sha256:ee"]
    assert mac_wheels.locked(text, "3.13") == newer
    assert "old==1 --hash=sha256:dd" in mac_wheels.locked(text, "3.12")


@pytest.mark.parametrize("lock", mac_wheels.LOCKS)
@pytest.mark.parametrize("python", mac_wheels.PYTHONS)
def test_the_locks_have_metal_for_a_mac(lock: str, python: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    names = {line.partition("==")[0] for line in mac_wheels.locked(text, python)}
    assert {"mlx", "mlx-metal", "pyside6-essentials"} <= names
    assert "mlx-cpu" not in names


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from; it asks nobody else."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
    }.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.mark.slow
def test_pip_picks_the_macs_wheels_and_they_pass(registry: Path, tmp_path: Path) -> None:
    native = wheel(registry, files={LIBRARY: thin()}, needs=("Two>=1", "nt ; os_name == 'nt'"))
    wheel(registry, tag="cp312-cp312-manylinux_2_28_x86_64", files={LIBRARY: b"\x7fELF"})
    pure = wheel(registry, "two", PURE)
    lock = pin(native) + pin(pure) + "nt==1.0 ; os_name == 'nt' \\\n    --hash=sha256:ab\n"
    mac_wheels.download(mac_wheels.locked(lock, "3.12"), "3.12", tmp_path / "out")
    found = sorted((tmp_path / "out").glob("*.whl"))
    assert [path.name for path in found] == [native.name, pure.name]
    assert mac_wheels.check(found, "3.12").num_native == 1


@pytest.mark.slow
def test_what_has_no_wheel_for_a_mac_is_named(registry: Path, tmp_path: Path) -> None:
    newer = wheel(registry, tag="cp312-cp312-macosx_15_0_arm64")
    with pytest.raises(WheelError, match=r"not all wheels for macosx_14_0_arm64.*one==1\.0"):
        mac_wheels.download(mac_wheels.locked(pin(newer), "3.12"), "3.12", tmp_path / "out")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (thin(X86_64), "is for x86_64, not for arm64"),
        (universal((X86_64, thin(X86_64))), "is for x86_64, not for arm64"),
        (thin()[:40], "not a complete Mach-O file"),
        (b"\x7fELF\x02\x01\x01\x00 and so on", "is a library, but not macOS's"),
        (b"", "is a library, but not macOS's"),
    ],
    ids=["intel", "intel in a universal file", "cut", "linux", "empty"],
)
def test_code_that_a_mac_cannot_load_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = wheel(tmp_path, files={LIBRARY: data})
    with pytest.raises(WheelError, match=rf"{path.name}: {LIBRARY}.*{reason}"):
        mac_wheels.check([path], "3.12")


def test_universal_code_without_an_extension_counts(tmp_path: Path) -> None:
    both = universal((X86_64, thin(X86_64)), (ARM64, thin(macos=(14, 0))))
    path = wheel(tmp_path, files={"QtCore.framework/Versions/A/QtCore": both, "words": b"text"})
    assert mac_wheels.check([path], "3.12").num_native == 1


def test_libraries_built_for_a_newer_system_are_counted(tmp_path: Path) -> None:
    newer = universal((X86_64, thin(X86_64)), (ARM64, thin(macos=(15, 2))))
    files = {"a.so": newer, "b.so": thin(macos=(14, 1)), "c.so": thin(macos=(14, 0)), "d.so": newer}
    path = wheel(tmp_path, files=files)
    found = mac_wheels.check([path], "3.12")
    assert found.num_native == 4
    assert found.newer == {(path.name, "15.2"): 2, (path.name, "14.1"): 1}


@pytest.mark.parametrize("needs", ["two", "one>=2", "two ; sys_platform == 'darwin'"])
def test_a_dependency_that_is_not_pinned_is_named(tmp_path: Path, needs: str) -> None:
    path = wheel(tmp_path, needs=(needs,))
    with pytest.raises(WheelError, match=r"needs .*, and the lock has"):
        mac_wheels.check([path], "3.12")


def test_the_metadata_of_a_copy_inside_are_not_its_own(tmp_path: Path) -> None:
    inner = b"Metadata-Version: 2.1\nName: two\nVersion: 1\nRequires-Dist: three\n"
    path = wheel(tmp_path, files={"one/_vendor/two-1.dist-info/METADATA": inner})
    assert mac_wheels.check([path], "3.12").num_native == 0


def test_an_extra_that_nobody_asked_for_is_not_needed(tmp_path: Path) -> None:
    path = wheel(tmp_path, needs=("two ; extra == 'fast'", "three ; sys_platform == 'linux'"))
    assert mac_wheels.check([path], "3.12").num_native == 0


def test_a_second_copy_of_qt_is_refused(tmp_path: Path) -> None:
    framework = "Qt/lib/QtCore.framework/Versions/A/QtCore"
    first = wheel(tmp_path, files={f"PySide6/{framework}": thin()})
    second = wheel(tmp_path, "two", files={f"PyQt6/{framework}": thin()})
    with pytest.raises(WheelError, match=r"a copy of Qt each: one-1\.0-.*, two-1\.0-"):
        mac_wheels.check([first, second], "3.12")
