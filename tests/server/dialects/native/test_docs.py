"""docs/api/qwen3mlx.md names every path and every field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from qwen3mlx.server.dialects.native.schemas import (
    CallBody,
    ConsentBody,
    FolderBody,
    KeyBody,
    McpTextBody,
    ModelSettingsBody,
    NewToolServerBody,
    ReplyBody,
    TokensBody,
    ToolServerBody,
)
from qwen3mlx.settings.setting import at
from qwen3mlx.settings.table import SERVER

from ...live import LiveServer
from .support import BASE

DOCS = Path(__file__).parents[4] / "docs"
SETTINGS = (DOCS / "settings.md").read_text("utf-8")
TEXT = (DOCS / "api" / "qwen3mlx.md").read_text("utf-8")


BODIES = [
    *(FolderBody, KeyBody, ModelSettingsBody, TokensBody),
    *(CallBody, ConsentBody, McpTextBody, NewToolServerBody, ReplyBody, ToolServerBody),
]


@pytest.mark.parametrize("body", BODIES)
def test_every_field_is_named(body: type[BaseModel]) -> None:
    assert [name for name in body.model_fields if not re.search(rf"`{name}\b", TEXT)] == []


def test_every_server_setting_is_named() -> None:
    names = [setting.name for setting in at("http", SERVER)]
    assert names
    assert [name for name in names if f"`{name}`" not in SETTINGS] == []


def test_every_path_is_named(server: LiveServer) -> None:
    paths = server.http.get("/openapi.json").json()["paths"]
    ours = {
        f"`{method.upper()} {path.removeprefix(BASE)}"
        for path, operations in paths.items()
        if path.startswith(BASE)
        for method in operations
    }
    assert len(ours) == 45
    assert [route for route in ours if route not in TEXT] == []
