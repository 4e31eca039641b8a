"""What is copied from the server page works as it is."""

from __future__ import annotations

import ast
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import anthropic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.snippets import KEY_PLACEHOLDER, ServerAddress, Snippet, snippets

from qwen3mlx.server.http.keys import KeyStore
from tests.server.live import LiveServer, live_server

URL = "http://127.0.0.1:1234"
AGENT = ".venv-agent/bin/python"


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live_server(model="demo") as running:
        yield running


def snippet(snippet_id: str, endpoint: ServerAddress) -> Snippet:
    return next(one for one in snippets(endpoint) if one.id == snippet_id)


def run(command: list[str]) -> str:
    """What it prints, as a program of its own."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_curl_is_answered(server: LiveServer) -> None:
    code = snippet("curl", ServerAddress(server.url, "demo")).code
    assert '"finish_reason"' in run(["sh", "-c", code.replace("curl ", "curl -sS ", 1)])


@pytest.mark.parametrize("client", ["openai", "ollama-python"])
def test_the_programs_print_an_answer(server: LiveServer, client: str) -> None:
    code = snippet(client, ServerAddress(server.url, "demo")).code
    assert run([sys.executable, "-c", code]).strip()


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists(AGENT), reason="Qwen-Agent is not installed")
def test_qwen_agent_prints_an_answer(server: LiveServer) -> None:
    code = snippet("qwen-agent", ServerAddress(server.url, "demo")).code
    assert run([AGENT, "-c", code]).strip()


def test_claude_codes_variables_lead_here(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anthropic's client, which Claude Code is built on, reads the same ones."""
    for line in snippet("claude-code", ServerAddress(server.url, "demo")).code.splitlines():
        command, *assignment = shlex.split(line)
        if command == "export":
            monkeypatch.setenv(*assignment[0].split("=", 1))
    with anthropic.Anthropic() as client:
        reply = client.messages.create(
            model=os.environ["ANTHROPIC_MODEL"],
            max_tokens=4,
            messages=[{"role": "user", "content": "Hello!"}],
        )
    assert reply.model == "demo"


def test_a_key_in_the_place_of_the_placeholder_opens_the_server(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("home")))
    key = KeyStore().create("laptop")
    with live_server(model="demo") as server:
        endpoint = ServerAddress(server.url, "demo", needs_key=True)
        for client in ("openai", "ollama-python"):
            code = snippet(client, endpoint).code
            assert run([sys.executable, "-c", code.replace(KEY_PLACEHOLDER, key)]).strip()
        code = snippet("curl", endpoint).code.replace("curl ", "curl -sS ", 1)
        assert "choices" in run(["sh", "-c", code.replace(KEY_PLACEHOLDER, key)])
        assert "invalid_api_key" in run(["sh", "-c", code])


def test_every_client_is_there_once_and_named() -> None:
    shown = snippets(ServerAddress(URL, "demo"))
    ids = [one.id for one in shown]
    wanted = ["claude-code", "curl", "cursor", "ollama", "ollama-python", "openai", "qwen-agent"]
    assert sorted(ids) == wanted
    assert all(one.title and URL in one.code and "demo" in one.code for one in shown)
    assert all(KEY_PLACEHOLDER not in one.code for one in shown)
    assert "tunnel" in snippet("cursor", ServerAddress(URL, "demo")).note


@given(st.text(min_size=1).filter(lambda name: name.isprintable()))
def test_no_name_of_a_model_breaks_out_of_its_quotes(model: str) -> None:
    for one in snippets(ServerAddress(URL, model)):
        if one.language == "python":
            nodes = ast.walk(ast.parse(one.code))
            assert model in [node.value for node in nodes if isinstance(node, ast.Constant)]
        elif one.language == "sh":
            words = shlex.split(one.code)
            named = json.loads(words[-1])["model"] if one.id == "curl" else model
            assert named == model
            assert one.id == "curl" or any(model in word for word in words)
            assert words[0].split("=")[0] in ("curl", "export", "OLLAMA_HOST")
