"""docs/api: its commands and programs work as printed, against a running server."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from .live import LiveServer

PAGES = sorted((Path(__file__).parents[2] / "docs" / "api").glob("*.md"))
ADDRESS = "http://127.0.0.1:1234"


def blocks(language: str, word: str) -> list[Any]:
    """The blocks of all pages in which `word` occurs."""
    return [
        pytest.param(block, id=f"{page.stem}-{index}")
        for page in PAGES
        for index, block in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        )
        if word in block
    ]


def curl(command: str, server: LiveServer) -> httpx.Response:
    """Return what `curl URL [-H HEADER] -d BODY` would get from `server`."""
    name, url, *options = shlex.split(command)
    given = list(zip(options[::2], options[1::2], strict=True))
    assert name == "curl"
    assert url.startswith(ADDRESS)
    assert {option for option, _ in given} <= {"-H", "-d"}
    headers = dict(value.split(": ") for option, value in given if option == "-H")
    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    body = "".join(value for option, value in given if option == "-d")
    path = url.removeprefix(ADDRESS)
    return server.http.post(path, content=body.encode(), headers=headers)


def test_every_command_is_run() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert len(blocks("sh", "curl ")) == text.count("curl ") > 0


@pytest.mark.parametrize("command", blocks("sh", "curl "))
def test_the_commands_work(command: str, server: LiveServer) -> None:
    reply = curl(command, server)
    if "qwen3-reranker" in command:  # no demo model can: tests/server/dialects/openai has one
        assert "is not on this computer" in reply.json()["error"]["message"]
        return
    assert reply.status_code == 200
    assert '"error"' not in reply.text


@pytest.mark.parametrize("program", blocks("python", "OpenAI"))
def test_the_programs_work(
    program: str, server: LiveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(program.replace(ADDRESS, server.url), {})
    assert capsys.readouterr().out.strip()


def test_the_error_is_the_servers(server: LiveServer) -> None:
    page = next(page for page in PAGES if page.stem == "server").read_text("utf-8")
    shown = re.search(r'^\{"error".*', page, re.M)
    assert shown
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hello!"}], "top_p": 1.5}
    reply = server.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 400
    assert reply.json() == json.loads(shown[0])
