"""Where the focus goes when the row that has it is removed from a page: to a neighbour."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ApiKey, BuiltInTools, ModelFolder, ToolServer, ToolServers
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import button, program_of
from .test_quantize_page import QUALITY

Show = Callable[[MainWindow, Sequence[str]], None]


def keys(window: MainWindow, names: Sequence[str]) -> None:
    made = [
        ApiKey(name=name, scope="admin", created="2026-01-01", last_used=None) for name in names
    ]
    program_of(window).server.keys_changed.emit(made)


def model_folders(window: MainWindow, names: Sequence[str]) -> None:
    cache = ModelFolder(path="/cache", source="cache", exists=True, num_models=2)
    mine = [ModelFolder(path=name, source="user", exists=True, num_models=1) for name in names]
    program_of(window).models.folders_changed.emit([*mine, cache])


def own_folders(window: MainWindow, names: Sequence[str]) -> None:
    own = BuiltInTools(fetch_page=False, run_python=False, folders=tuple(names), sandbox=True)
    program_of(window).tools._show_own(own)


def servers(window: MainWindow, names: Sequence[str]) -> None:
    made = tuple(ToolServer(name=name, command="x") for name in names)
    program_of(window).tools._show(ToolServers(path="", servers=made, faults=()))


def qualities(window: MainWindow, names: Sequence[str]) -> None:
    kept = program_of(window).quantize.qualities
    kept.set_values([replace(QUALITY, name=name) for name in names])


@pytest.mark.parametrize(
    ("page", "show", "remove", "after"),
    [
        ("server", keys, "Revoke {}", "New key name"),
        ("models", model_folders, "Remove {}", "Add Folder…"),
        ("tools", own_folders, "Remove {}", "Run Python code"),
        ("tools", servers, "Remove {}", "Tools"),
        ("quantize", qualities, "Remove {} from the list", ""),
    ],
)
def test_the_focus_goes_to_a_neighbour(
    window: MainWindow,
    qtbot: QtBot,
    fake: FakeEndpoint,
    page: str,
    show: Show,
    remove: str,
    after: str,
) -> None:
    busy = (503, json.dumps({"error": {"message": "busy"}}).encode())
    for path in ("tools/servers", "tools/builtin", "keys"):
        fake.replies[f"/api/qwen3mlx/{path}"] = busy
    window.show_page(page)

    def has_focus(name: str) -> bool:
        QApplication.processEvents()
        focused = QApplication.focusWidget()
        return focused is not None and name in (
            focused.accessibleName(),
            getattr(focused, "text", str)(),
        )

    def is_shown() -> bool:
        show(window, ["/one", "/two", "/three"])  # an earlier reply of the server may come late
        return button(window.page, remove.format("/two")).isVisible()

    qtbot.waitUntil(is_shown)
    button(window.page, remove.format("/two")).setFocus()
    show(window, ["/one", "/two", "/three"])
    assert has_focus(remove.format("/two"))
    show(window, ["/one", "/three"])
    assert has_focus(remove.format("/three"))
    show(window, ["/one"])
    assert has_focus(remove.format("/one"))
    show(window, [])
    if after:
        assert has_focus(after)
