"""What the bundle holds and says about itself."""

from __future__ import annotations

import plistlib
import struct
from configparser import ConfigParser

import contents
import icon
import pytest
from qwen3mlx_app.services.own_links import SCHEME

from tests.support.places import ROOT


def test_its_plist_is_one_and_names_what_is_declared_elsewhere() -> None:
    plist = contents.info_plist("1.2.3")
    assert plistlib.loads(plistlib.dumps(plist)) == plist
    assert plist["CFBundleShortVersionString"] == "1.2.3"
    (links,) = plist["CFBundleURLTypes"]
    assert links["CFBundleURLSchemes"] == [SCHEME]
    documents = plist["CFBundleDocumentTypes"]
    assert {one["LSHandlerRank"] for one in documents} == {"Alternate"}  # takes over no file type
    types = [kind for one in documents for kind in one["LSItemContentTypes"]]
    assert types == ["public.folder", "public.json", "public.zip-archive"]
    program, window, quantizer = contents.OWN
    packages = f'packages = ["{program}", "app/{window}", "quantize/{quantizer}"]'
    assert packages in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "is_unused"),
    [
        ("PySide6/Qt/lib/libQt6Core.so.6", False),
        ("PySide6/Qt/lib/libQt6Quick.so.6", True),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", False),
        ("PySide6/Qt/plugins/platforms/libqcocoa.dylib", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", True),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", False),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("qwen3mlx_app/i18n/qwen3mlx_zh_CN.qm", False),
        ("mlx/lib/mlx.metallib", False),
        ("mlx/include/mlx/array.h", True),
        ("qwen3mlx_app/help/docs/cli.md", False),
    ],
)
def test_what_is_left_out(path: str, is_unused: bool) -> None:
    assert contents.unused(path) is is_unused


def test_a_system_library_stays_only_while_something_needs_it() -> None:
    entries = [
        ("mlx/lib/libmlx.so", "/w/libmlx.so", "BINARY"),
        ("libblas.so.3", "/usr/lib/libblas.so.3", "BINARY"),
        ("libgfortran.so.5", "/usr/lib/libgfortran.so.5", "BINARY"),
        ("libgtk-3.so.0", "/usr/lib/libgtk-3.so.0", "BINARY"),
        ("libpython3.11.so.1.0", "/p/libpython3.11.so.1.0", "BINARY"),
        ("words.txt", "/w/words.txt", "DATA"),
    ]
    needed: dict[str, list[tuple[str, str | None]]] = {
        "/w/libmlx.so": [("libblas.so.3", "/usr/lib/libblas.so.3"), ("libc.so.6", None)],
        "/usr/lib/libblas.so.3": [("libgfortran.so.5", "/usr/lib/libgfortran.so.5")],
    }
    kept = contents.reachable(entries, lambda path: needed.get(path, []))
    assert [name for name, *_ in kept] == [
        "mlx/lib/libmlx.so", "libblas.so.3", "libgfortran.so.5", "libpython3.11.so.1.0",
        "words.txt",
    ]  # fmt: skip


def test_the_icon_has_all_sizes_of_macos() -> None:
    data = icon.icns()
    assert data[:4] == b"icns"
    assert struct.unpack(">I", data[4:8]) == (len(data),)
    widths, position = {}, 8
    while position < len(data):
        kind, (length,) = (
            data[position : position + 4].decode(),
            struct.unpack(">I", data[position + 4 : position + 8]),
        )
        png = data[position + 8 : position + length]
        assert png.startswith(b"\x89PNG")
        widths[kind] = struct.unpack(">II", png[16:24])
        position += length
    assert widths["ic10"] == (1024, 1024)
    assert {width for width, _ in widths.values()} == {16, 32, 64, 128, 256, 512, 1024}


def test_the_menu_entry_starts_the_app() -> None:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "packaging" / "linux" / "qwen3mlx.desktop", encoding="utf-8")
    entry = parser["Desktop Entry"]
    assert entry["Type"] == "Application"
    assert entry["Exec"] == "qwen3mlx app %u"
    assert entry["MimeType"] == f"x-scheme-handler/{SCHEME};"
    assert entry["Name"]
    assert entry["Categories"].endswith(";")
