from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from qwen3mlx_app.domain import AppSettings
from qwen3mlx_app.services.settings import SettingsFile


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "new" / "window.json")
    assert file.read() == AppSettings()
    settings = replace(AppSettings(), theme="dark", font_size=18, last_model="demo", notify=False)
    file.write(settings)
    assert SettingsFile(file.path).read() == settings
    assert [child.name for child in file.path.parent.iterdir()] == ["window.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"theme": 3}', '{"unknown": 1}'])
def test_a_broken_file_is_the_defaults(tmp_path: Path, content: str) -> None:
    (tmp_path / "window.json").write_text(content)
    assert SettingsFile(tmp_path / "window.json").read() == AppSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "blue"),
        ("font_size", 4000),
        ("font_size", True),
        ("notify", 1),
        ("last_model", 5),
        ("language", None),
    ],
)
def test_a_value_that_cannot_be_is_the_default_and_the_others_count(
    tmp_path: Path, name: str, value: object
) -> None:
    (tmp_path / "window.json").write_text(json.dumps({name: value, "send_with": "ctrl_enter"}))
    settings = SettingsFile(tmp_path / "window.json").read()
    assert settings == replace(AppSettings(), send_with="ctrl_enter")
