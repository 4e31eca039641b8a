"""The window's view of tools: servers, consent, logs and test calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.tools.builtin.python_code import has_sandbox
from tests.tools.test_host import mini, supervised

from ...live import LiveServer, live_server
from .support import BASE, events, get, refused, send


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("home")))
        with live_server() as server:
            get(server, "/tools", server="builtin")  # starts a thread that stays until the end
            yield server
    assert not supervised()


def called(server: LiveServer, tool: str, **arguments: Any) -> list[tuple[str, dict[str, Any]]]:
    body = {"server": "mini", "tool": tool, "arguments": arguments}
    path, headers = f"{BASE}/tools/calls", dict(server.person)
    with server.http.stream("POST", path, json=body, headers=headers) as reply:
        assert reply.status_code == 200, reply.read()
        return list(events(reply))


def test_from_adding_to_removing(own: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    added = send(own, "POST", "/tools/servers", {"name": "mini", "entry": mini()})
    assert Path(added["path"]).name == "mcp.json"
    (server,) = added["servers"]
    assert (server["name"], server["state"], server["num_tools"]) == ("mini", "stopped", None)

    tools = {tool["name"]: tool for tool in get(own, "/tools", server="mini")["tools"]}
    assert tools["echo"]["consent"] == "ask"
    assert tools["echo"]["schema"]["required"] == ["text"]
    assert "not a JSON Schema" in tools["broken"]["fault"]
    assert get(own, "/tools/servers")["servers"][0]["state"] == "running"

    wanted = {"server": "mini", "tool": "echo", "consent": "never"}
    changed = {tool["name"]: tool for tool in send(own, "PUT", "/tools/consent", wanted)["tools"]}
    assert changed["echo"]["consent"] == "never"

    ((kind, result),) = called(own, "echo", text="hi")
    assert (kind, result["status"], result["text"]) == ("result", "ok", "hi")
    ((_, result),) = called(own, "garbage")
    assert "stdout: Debug: \\x1b[31mthinking" in get(own, "/tools/log", server="mini")["log"]

    (server,) = send(own, "PATCH", "/tools/servers", {"name": "mini", "disabled": True})["servers"]
    assert (server["disabled"], server["state"]) == (True, "stopped")
    assert not supervised()
    entry = mini(env={"MANY": "250", "KEY": "secret"})
    change = {"name": "mini", "entry": entry, "disabled": False}
    (server,) = send(own, "PATCH", "/tools/servers", change)["servers"]
    assert (server["disabled"], server["variables"]) == (False, ["MANY", "KEY"])
    assert "secret" not in str(server)
    reply = own.http.get(f"{BASE}/tools", params={"server": "mini"}, headers=dict(own.person))
    assert len(reply.json()["tools"]) == 256
    assert "more than 256 tools" in reply.headers["X-Qwen3MLX-Warning"]
    assert "more than 256 tools" in caplog.text
    assert "more than 256 tools" in get(own, "/tools/servers")["servers"][0]["note"]
    entry["env"] = {"KEY": None}
    (server,) = send(own, "PATCH", "/tools/servers", {"name": "mini", "entry": entry})["servers"]
    assert (server["variables"], server["note"], server["num_tools"]) == (["KEY"], None, None)
    assert own.service.tools.host.servers().servers["mini"].env == {"KEY": "secret"}

    (server,) = send(own, "POST", "/tools/servers/restart", {"name": "mini"})["servers"]
    assert server["state"] == "stopped"
    assert send(own, "DELETE", "/tools/servers", name="mini")["servers"] == []


def test_mistakes_are_refused_by_name(own: LiveServer) -> None:
    entry = {"name": "bad", "entry": {"command": "./run"}}
    assert refused(own, "POST", "/tools/servers", entry)["param"] == "entry"
    assert refused(own, "DELETE", "/tools/servers", name="absent")["param"] == "name"
    assert refused(own, "PATCH", "/tools/servers", entry)["param"] == "entry"
    absent = {"name": "absent", "disabled": True}
    assert refused(own, "PATCH", "/tools/servers", absent)["param"] == "entry"
    assert refused(own, "GET", "/tools", server="absent")["param"] == "server"
    for name in ("absent", "builtin"):
        refused(own, "POST", "/tools/servers/logout", {"name": name})
    wanted = {"server": "builtin", "tool": "x", "consent": "always"}
    assert refused(own, "PUT", "/tools/consent", wanted)["param"] == "tool"
    call = {"server": "builtin", "tool": "calculate", "arguments": {"a": 1}}
    assert refused(own, "POST", "/tools/calls", call)["param"] == "arguments"


def test_built_in_tools_are_turned_on_and_off(own: LiveServer, tmp_path: Path) -> None:
    off = {"fetch_page": False, "run_python": False, "folders": []}
    assert get(own, "/tools/builtin") == {**off, "sandbox": has_sandbox()}
    names = {"fetch_page", "run_python", "list_files", "read_file", "search_files"}
    assert not names & _built_in(own)
    for body in (
        {"name": "fetch_page", "enabled": True},
        {"name": "run_python", "enabled": True},
        {"name": "files", "enabled": True, "folders": [str(tmp_path)]},
    ):
        told = send(own, "PUT", "/tools/builtin", body)
    assert told["folders"] == [str(tmp_path.resolve())]
    assert names <= _built_in(own)
    for name in ("fetch_page", "run_python", "files"):
        told = send(own, "PUT", "/tools/builtin", {"name": name, "enabled": False})
    assert told == {**off, "sandbox": has_sandbox()}
    assert not names & _built_in(own)
    for body, word in (
        ({"name": "files", "enabled": True, "folders": [str(tmp_path / "absent")]}, "no folder"),
        ({"name": "files", "enabled": True}, "needs the folders"),
        ({"name": "fetch_page", "enabled": True, "folders": ["/"]}, "takes no folder"),
    ):
        error = refused(own, "PUT", "/tools/builtin", body)
        assert (error["param"], word in error["message"]) == ("folders", True)


def _built_in(server: LiveServer) -> set[str]:
    return {tool["name"] for tool in get(server, "/tools", server="builtin")["tools"]}


def test_tools_of_servers_count_as_they_are_sent(own: LiveServer) -> None:
    messages = [{"role": "user", "content": "Hello there"}]
    body = {"model": "demo", "messages": messages, "servers": ["builtin"]}
    counted = send(own, "POST", "/tokens", body)["chat"]
    sent = send(own, "POST", "/tools/chat", {**body, "max_tokens": 1})
    assert counted == sent["usage"]["prompt_tokens"]
    nobody = own.http.post(f"{BASE}/tokens", json=body)
    assert nobody.status_code == 403


def test_a_pasted_file_is_taken_as_far_as_it_can_be_read(own: LiveServer) -> None:
    text = '{"mcpServers": {\n "good": {"command": "uvx"},\n "bad": {"args": 3}\n}}'
    told = send(own, "POST", "/tools/servers/import", {"text": text})
    assert told["added"] == ["good"]
    assert told["left_out"] == ["Line 3: bad must have either a command or a url."]
    broken = send(own, "POST", "/tools/servers/import", {"text": '{"mcpServers": {\n"x": {,}}'})
    assert (broken["added"], len(broken["left_out"])) == ([], 1)
    assert broken["left_out"][0].startswith("Line 2: x: ")
    assert "no servers" in send(own, "POST", "/tools/servers/import", {"text": "{}"})["left_out"][0]
    again = send(own, "POST", "/tools/servers/import", {"text": text})
    assert again["left_out"][1].startswith("There is a server 'good' in ")
    assert [
        one["name"] for one in send(own, "DELETE", "/tools/servers", name="good")["servers"]
    ] == []


def test_a_server_that_fails_is_no_fault_of_the_request(own: LiveServer) -> None:
    text = '{"mcpServers": {"failing": {"command": "no-such-program"}}}'
    send(own, "POST", "/tools/servers/import", {"text": text})
    reply = own.http.get(f"{BASE}/tools", params={"server": "failing"}, headers=own.person)
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "tool_server_failed")
    send(own, "DELETE", "/tools/servers", name="failing")


@pytest.mark.parametrize(
    "text",
    [
        '{"one": {"command": "uvx"}, "two": {"url": "https://example.com/mcp"}}',
        ' "one": {"command": "uvx"},\n"two": {"url": "https://example.com/mcp"},\n',
    ],
)
def test_servers_are_taken_without_what_belongs_around_them(own: LiveServer, text: str) -> None:
    told = send(own, "POST", "/tools/servers/import", {"text": text})
    assert (told["added"], told["left_out"]) == (["one", "two"], [])
    for name in told["added"]:
        send(own, "DELETE", "/tools/servers", name=name)


@pytest.mark.parametrize(
    "text", ['{"command": "uvx"}', '{"one": {"args": []}}', '"one"', '{"a": 1}']
)
def test_what_is_no_server_is_not_taken_for_one(own: LiveServer, text: str) -> None:
    told = send(own, "POST", "/tools/servers/import", {"text": text})
    assert told["added"] == []
    assert len(told["left_out"]) == 1


def test_no_key_opens_them(own: LiveServer) -> None:
    """An admin key may be on another computer, and a server is a program that runs here."""
    made = send(own, "POST", "/keys", {"name": "far", "scope": "admin"})
    headers = {"Authorization": f"Bearer {made['key']}"}
    body = {"name": "x", "entry": {"command": "x"}}
    reply = own.http.post(f"{BASE}/tools/servers", json=body, headers=headers)
    assert reply.status_code == 403
    assert "no key can" in reply.json()["error"]["message"]
    assert get(own, "/tools/servers")["servers"] == []
