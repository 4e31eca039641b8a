"""`qwen3mlx mcp`: servers are added, listed, tested, allowed and removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen3mlx.cli import mcp
from qwen3mlx.cli.mcp import add, consent, list_servers, remove
from qwen3mlx.errors import Qwen3MLXError, UsageError
from tests.tools.test_host import mini


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    monkeypatch.setenv("QWEN3MLX_DEBUG", "1")
    return tmp_path


def rows(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    lines = capsys.readouterr().out.splitlines()
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines}


def test_from_adding_to_removing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = mini()
    add("mini", [server["command"], *server["args"]], env=["A=b=c"])
    add("docs", ["https://example.com/mcp"], header=["X-Key=secret"])
    written = json.loads((home / "mcp.json").read_text())["mcpServers"]
    assert written["mini"] == {**server, "env": {"A": "b=c"}}
    assert written["docs"] == {"url": "https://example.com/mcp", "headers": {"X-Key": "secret"}}
    capsys.readouterr()
    list_servers()
    listed = rows(capsys)
    assert listed["docs"] == ["enabled", "https://example.com/mcp"]
    list_servers(print_json=True)
    assert "secret" not in capsys.readouterr().out

    consent("mini", "always", ["echo"])
    mcp.test("mini")
    tested = rows(capsys)
    assert tested["echo"] == ["always", "mini: Return the text."]
    assert tested["fail"][0] == "ask"
    assert tested["broken"] == ["ask", "its inputSchema is not a JSON Schema"]
    with pytest.raises(UsageError, match="mini has no tool nothing"):
        consent("mini", "never", ["nothing"])

    remove("mini")
    with pytest.raises(UsageError, match="has no server mini"):
        remove("mini")


def test_mistakes_are_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["./run"], ["https://a.example", "x"]):
        with pytest.raises(UsageError):
            add("bad", words)
    with pytest.raises(UsageError, match="NAME=VALUE"):
        add("bad", ["x"], env=["A"])
    add("absent", ["no-such-program"])
    with pytest.raises(Qwen3MLXError, match="'no-such-program' was not found"):
        mcp.test("absent")
    (home / "mcp.json").write_text('{"mcpServers": {\n"a": {"command": 1}}}')
    list_servers()
    assert "mcp.json line 2: a.command must be a non-empty string." in capsys.readouterr().err
