from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.cli.keys import create, list_keys, revoke
from qwen3mlx.errors import UsageError
from qwen3mlx.server.http.keys import KeyStore


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("QWEN3MLX_DEBUG", "1")
    return tmp_path / "state"


def accepted(secret: str) -> list[str]:
    stored = KeyStore().keys()
    return [key.name for key in stored if key.matches(secret)]


def test_a_key_is_printed_once_listed_by_name_and_revoked(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create("laptop")
    secret = capsys.readouterr().out.strip()
    create("editor")
    assert accepted(secret) == ["laptop"]
    assert secret not in (state / "api-keys.json").read_text()
    capsys.readouterr()
    list_keys()
    out = capsys.readouterr().out
    assert [line.split("\t")[0] for line in out.splitlines()] == ["laptop", "editor"]
    assert secret not in out
    revoke("laptop")
    assert accepted(secret) == []
    stored = KeyStore().keys()
    assert [key.name for key in stored] == ["editor"]


def test_without_keys_it_says_what_that_means(capsys: pytest.CaptureFixture[str]) -> None:
    list_keys()
    out, errors = capsys.readouterr()
    assert out == ""
    assert "a server started now accepts every caller" in errors
    assert "stays locked until you restart it or create a new key" in errors


def test_who_revokes_the_last_key_hears_that_a_running_server_stays_closed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    create("laptop")
    create("editor")
    capsys.readouterr()
    revoke("laptop")
    assert "stays locked" not in capsys.readouterr().err
    revoke("editor")
    assert "stays locked until you restart it" in capsys.readouterr().err


def test_a_name_that_is_taken_or_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    create("laptop")
    with pytest.raises(UsageError, match="named 'laptop' already"):
        create("laptop")
    with pytest.raises(UsageError, match="no key named 'phone'; existing keys: laptop"):
        revoke("phone")
