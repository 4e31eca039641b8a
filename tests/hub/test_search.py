"""Search on a hub, which says what it likes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from huggingface_hub import constants

from qwen3mlx.cli.search import search as search_command
from qwen3mlx.errors import DownloadError, UnreachableError
from qwen3mlx.hub.search import Found, search

from .fake_hub import FakeHub


def row(**changes: Any) -> dict[str, Any]:
    return {
        "id": "org/Qwen3-8B-4bit",
        "tags": ["mlx", "qwen3"],
        "downloads": 7,
        "lastModified": "2026-01-31T10:00:00.000Z",
        **changes,
    }


def test_what_can_run_here_is_found(fake_hub: FakeHub) -> None:
    fake_hub.models = [
        row(),
        row(id="org/llama", tags=["llama"]),
        row(id="org/moe", tags=["qwen3_moe"], downloads=None, lastModified=None),
    ]
    assert search("8b 4bit", limit=20) == [
        Found("org/Qwen3-8B-4bit", 7, "2026-01-31"),
        Found("org/moe", 0, ""),
    ]
    assert len(search("8b", limit=1)) == 1


def test_rows_of_another_form_are_left_out(fake_hub: FakeHub) -> None:
    ids = ["../x", "a/../b", "", 7, None, "a\nb/c", "a/" + "b" * 400]
    fake_hub.models = [1, {}, [], *(row(id=each) for each in ids), row(tags=[[], {}, "qwen3"])]
    assert [found.repo_id for found in search("x", limit=9)] == ["org/Qwen3-8B-4bit"]


@pytest.mark.parametrize("told", [b"<html>Log in</html>", {}, b"[" * 50_000, b" " * (5 << 20)])
def test_what_is_no_list_is_one_clear_line(fake_hub: FakeHub, told: object) -> None:
    fake_hub.models = told
    with pytest.raises(DownloadError, match=r"^http://127\.0\.0\.1:\d+ returned .*\.$|later\.$"):
        search("x", limit=9)


def test_no_connection_and_offline(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match="cannot be reached"):
        search("x", limit=9)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
        search("x", limit=9)


def test_the_command(fake_hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    fake_hub.models = [row()]
    search_command(["8b", "4bit"])
    assert capsys.readouterr().out == "org/Qwen3-8B-4bit\t7\t2026-01-31\n"
    search_command(["8b"], as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["repo_id"] == "org/Qwen3-8B-4bit"
    fake_hub.models = []
    search_command(["nothing"])
    assert "Nothing was found" in capsys.readouterr().err
