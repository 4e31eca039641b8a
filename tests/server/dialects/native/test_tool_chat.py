"""A chat during which tools run, and a person is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.tools.consent import Consents
from qwen3mlx.tools.mcp_json import McpFile
from tests.support.scripted import answer, write_scripted_checkpoint
from tests.tools.test_host import mini, supervised

from ...live import LiveServer, live_server
from .support import BASE, get, refused, send

LAST = "That is all of it."
PATH = f"{BASE}/tools/chat"
ECHO = ("echo", {"text": "good day"})
BOTH = ("mini", "builtin")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(folder))
        McpFile().add("mini", mini())
        yield folder


@pytest.fixture(scope="module")
def running(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Its model calls two tools at once, and then says the last word."""
    folder = tmp_path_factory.mktemp("models") / "scripted"
    script = [answer("First.", calls=[ECHO, ("calculate", {"expression": "6 * 7"})]), "", LAST]
    with live_server(model=str(write_scripted_checkpoint(folder, script))) as server:
        get(server, "/tools", server="mini")  # starts threads that stay until the end
        stream(server, replying(server, "deny"))
        yield server
    assert not supervised()


@pytest.fixture
def server(running: LiveServer) -> LiveServer:
    """Nothing is allowed yet."""
    Consents().path.unlink(missing_ok=True)
    return running


def body(*servers: str, **more: Any) -> dict[str, Any]:
    told = {"model": "scripted", "messages": [{"role": "user", "content": "Go on."}]}
    return {**told, "servers": servers or BOTH, "enable_thinking": False, **more}


def stream(
    server: LiveServer, on_call: Callable[[dict[str, Any]], Any] = lambda _: None, **more: Any
) -> list[dict[str, Any]]:
    """The chunks and calls of a whole stream; `on_call` sees each news of a call when it comes."""
    found: list[dict[str, Any]] = []
    asked = body(stream=True, stream_options={"include_usage": True}, **more)
    with server.http.stream("POST", PATH, json=asked, headers=server.person) as reply:
        assert reply.status_code == 200, reply.read()
        for line in reply.iter_lines():
            if line.startswith("data: {"):
                found.append(reply_json := json.loads(line[6:]))
                if "state" in reply_json:
                    on_call(reply_json)
        assert line == "" or line == "data: [DONE]"
    return found


def replying(server: LiveServer, reply: str) -> Callable[[dict[str, Any]], Any]:
    """Give this reply to each question."""

    def on_call(call: dict[str, Any]) -> None:
        if call["state"] == "asked":
            send(server, "POST", "/tools/replies", {"id": call["id"], "reply": reply})

    return on_call


def test_each_step_is_a_completion_and_calls_are_told_between_them(server: LiveServer) -> None:
    found = stream(server, replying(server, "once"))
    done = {one["tool"]: one for one in found if one.get("state") == "ended"}
    assert (done["calculate"]["server"], done["calculate"]["text"]) == ("builtin", "42")
    assert (done["echo"]["server"], done["echo"]["text"]) == ("mini", "good day")
    chunks = [one for one in found if "choices" in one]
    texts: dict[str, str] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            written = choice["delta"].get("content") or ""
            texts[chunk["id"]] = texts.get(chunk["id"], "") + written
    assert [text.strip() for text in texts.values()] == ["First.", LAST]
    reasons = [c["finish_reason"] for one in chunks for c in one["choices"] if c["finish_reason"]]
    assert reasons == ["tool_calls", "stop"]
    usages = [one["usage"] for one in chunks if one["usage"]]
    assert len(usages) == 2
    assert usages[1]["prompt_tokens"] > usages[0]["prompt_tokens"]
    pieces = [c["delta"].get("tool_calls") for one in chunks for c in one["choices"]]
    begun = {piece[0]["id"] for piece in pieces if piece and piece[0].get("id")}
    assert begun == {one["id"] for one in done.values()}


@pytest.mark.parametrize(
    ("reply", "told", "result"),
    [
        ("once", ["asked", "running", "ended"], ("ok", "good day")),
        ("always", ["asked", "running", "ended"], ("ok", "good day")),
        ("deny", ["asked", "ended"], ("denied", "(The user did not allow this call.)")),
    ],
)
def test_a_person_is_asked_in_the_middle_of_a_stream(
    server: LiveServer, reply: str, told: list[str], result: tuple[str, str]
) -> None:
    found = [one for one in stream(server, replying(server, reply)) if one.get("tool") == "echo"]
    assert [one["state"] for one in found] == told
    assert (found[-1]["status"], found[-1]["text"]) == result
    tools = get(server, "/tools", server="mini")["tools"]
    consents = {tool["name"]: tool["consent"] for tool in tools}
    assert consents["echo"] == ("always" if reply == "always" else "ask")
    late = {"id": found[0]["id"], "reply": "deny"}
    assert "No call" in refused(server, "POST", "/tools/replies", late)["message"]
    again = stream(server, replying(server, "deny"))
    is_asked = "asked" in [one["state"] for one in again if "state" in one]
    assert is_asked == (reply != "always")


def test_others_go_on_while_one_waits(server: LiveServer) -> None:
    ended: list[str] = []

    def on_call(call: dict[str, Any]) -> None:
        if call["state"] == "ended":
            ended.append(call["tool"])
            if call["tool"] == "calculate":  # before the one that waits has been answered
                send(server, "POST", "/tools/replies", {"id": asked[0], "reply": "once"})
        if call["state"] == "asked":
            asked.append(call["id"])

    asked: list[str] = []
    stream(server, on_call)
    assert ended == ["calculate", "echo"]


def test_a_client_that_leaves_takes_its_questions_along(server: LiveServer) -> None:
    asked = body(stream=True)
    with server.http.stream("POST", PATH, json=asked, headers=server.person) as reply:
        for line in reply.iter_lines():
            if '"asked"' in line:
                break
    end = time.monotonic() + 10
    while server.service.tools.questions._open:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_a_stream_nobody_is_asked(server: LiveServer) -> None:
    reply = server.http.post(PATH, json=body(), headers=server.person)
    assert reply.json()["choices"][0]["message"]["content"] == LAST


def test_what_cannot_be_is_refused_by_name(server: LiveServer) -> None:
    function = {"type": "function", "function": {"name": "x"}}
    last = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    for more in (
        {"n": 2},
        {"tools": [function]},
        {"continue_final_message": True, "messages": last},
    ):
        error = refused(server, "POST", "/tools/chat", body(**more))
        assert error["param"] == next(iter(more))
    error = refused(server, "POST", "/tools/chat", body("absent"))
    assert "has no server 'absent'" in error["message"]
    assert refused(server, "POST", "/tools/replies", {"id": "x", "reply": "once"})["param"] == "id"
    for path, asked in ((PATH, body()), (f"{BASE}/tools/replies", {"id": "x", "reply": "once"})):
        assert server.http.post(path, json=asked).status_code == 403
