"""What the bundle holds, what it leaves out, and what it tells the system about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import PurePath
from typing import Any

NAME, DISPLAY_NAME = "qwen3mlx", "Qwen3 MLX"
BUNDLE_ID = "org.qwen3mlx.app"
# What opens the window when it gets no arguments, on macOS an executable; the other is the command.
WINDOW = "qwen3mlx-app"
MINIMUM_MACOS = "14.0"
# What macOS offers to open with the app, by its uniform type identifiers.
DOCUMENTS = {
    "Folder with a model": ["public.folder"],
    "Exported conversations": ["public.json", "public.zip-archive"],
}
OWN = ("qwen3mlx", "qwen3mlx_app", "qwen3mlx_quantize")

# What some library can use and the program never does.
LEFT_OUT = [
    "matplotlib",
    "mlx_lm",
    "setuptools",
    "tkinter",
    "torch",
    "transformers",
    # For PyPy.
    "zstandard._cffi",
    "zstandard.backend_cffi",
]
LEFT_OUT_OF_MLX = ("mlx.nn", "mlx.optimizers", "mlx.extension", "mlx._distributed_utils")

# What PyInstaller takes along for Qt: the window has widgets, SVG icons and local sockets. Its own
# texts are translated in qwen3mlx_app/i18n, Qt's in PySide6/Qt/translations.
_UNUSED = (
    "mlx/include/*",
    "mlx/share/*",
    "*/egldeviceintegrations/*",
    "*/qml/*",
    "*Qt*EglF*",
    "*Qt*Quick*",
    "*Qt*Qml*",
    "*Qt*OpenGL*",
    "*Qt*Pdf*",
    "*Qt*VirtualKeyboard*",
    "*/imageformats/*qpdf*",
    "*/platforminputcontexts/*qtvirtualkeyboard*",
    "*/platforms/*qeglfs*",
    "*/platforms/*qlinuxfb*",
    "*/platforms/*qminimalegl*",
    "*/platforms/*qvkkhrdisplay*",
    "*/platforms/*qvnc*",
    "*/platformthemes/*qgtk3*",
)
_QT_LANGUAGES = ("zh_CN",)


def unused(path: str) -> bool:
    """Return whether the file at this path of the bundle is left out."""
    if "/translations/" in path and path.startswith("PySide6/"):
        return not path.endswith(tuple(f"_{language}.qm" for language in _QT_LANGUAGES))
    return any(fnmatch(path, pattern) for pattern in _UNUSED)


# The path in the bundle, the path here, and the kind.
Entry = tuple[str, str, str]


def reachable(
    entries: Iterable[Entry], imports: Callable[[str], Iterable[tuple[str, str | None]]]
) -> list[Entry]:
    """Return `entries` without the system's libraries that only files left out have needed.

    `imports(path)` yields the names of the libraries that a file needs. Libraries of the system are
    not in a folder of the bundle; PyInstaller's own are kept.
    """
    entries = list(entries)
    system = {e[0]: e for e in entries if e[2] == "BINARY" and len(PurePath(e[0]).parts) == 1}
    system = {name: e for name, e in system.items() if not name.startswith("libpython")}
    todo = [entry for entry in entries if entry[0] not in system]
    kept: dict[str, Entry] = {}
    while todo:
        entry = todo.pop()
        if entry[0] not in kept:
            kept[entry[0]] = entry
            if entry[2] in ("BINARY", "EXTENSION"):
                todo += [system[name] for name, _ in imports(entry[1]) if name in system]
    return [entry for entry in entries if entry[0] in kept]


def info_plist(version: str) -> dict[str, Any]:
    """Return what Info.plist adds to PyInstaller's."""
    return {
        "CFBundleDisplayName": DISPLAY_NAME,
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "zh-Hans"],
        "CFBundleURLTypes": [
            {
                "CFBundleURLName": BUNDLE_ID,
                "CFBundleURLSchemes": [NAME],
                "CFBundleTypeRole": "Viewer",
            }
        ],
        # As others: what opens these files now goes on doing so.
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": name,
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",
                "LSItemContentTypes": types,
            }
            for name, types in DOCUMENTS.items()
        ],
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSMinimumSystemVersion": MINIMUM_MACOS,
        "LSArchitecturePriority": ["arm64"],
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "The qwen3mlx authors. Apache License 2.0.",
    }
