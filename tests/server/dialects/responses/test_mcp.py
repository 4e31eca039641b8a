"""MCP servers in `/v1/responses`, with OpenAI's own client and its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby, pairwise
from typing import Any

import pytest
from openai import APIError, BadRequestError, OpenAI

from qwen3mlx.config import SamplingParams
from qwen3mlx.events import Finished, Usage
from qwen3mlx.server.dialects.responses.response import response_head
from qwen3mlx.tools.consent import Consents
from qwen3mlx.tools.mcp_json import McpFile
from qwen3mlx.tools.toolbox import Tool
from tests.support.scripted import answer, write_scripted_checkpoint
from tests.tools.test_host import mini, supervised

from ...live import LiveServer, live_server
from .support import body, read

LAST = "That is all of it."
SUM = ("builtin.calculate", {"expression": "6 * 7"})
WAIT = ("mini.wait", {"s": 0})
BUILT_IN: Any = {"type": "mcp", "server_label": "builtin", "require_approval": "never"}
ASKED: Any = {**BUILT_IN, "require_approval": "always"}
MINI: Any = {**BUILT_IN, "server_label": "mini"}
# Nobody listens there.
NOBODY: Any = {**BUILT_IN, "server_label": "a", "server_url": "http://127.0.0.1:9/mcp"}
WEATHER: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
QUIET: Any = {"input": "Go on.", "reasoning": {"effort": "none"}}
LISTED = ["output_item.added", "mcp_list_tools.in_progress", "mcp_list_tools.completed"]
CALLED = ["output_item.added", "mcp_call.in_progress", "mcp_call_arguments.delta"]
SAID = ["output_item.added", "content_part.added", "output_text.delta", "output_text.done"]


# Checkpoints by name, and what their models write after so many results of tools.
WORDS = ["1", "2", "3"]
ANSWERS = {
    "sum": [answer(calls=[SUM]), LAST],
    "two": [
        answer(thoughts="Two at once.", calls=[SUM, WAIT]),
        "",
        answer("So far.", thoughts="Well."),
    ],
    "steps": [
        *(
            answer(thoughts=f"Now {w}.", calls=[("builtin.calculate", {"expression": w})])
            for w in WORDS
        ),
        answer(LAST, thoughts="Done."),
    ],
    "both": [answer("Both.", thoughts="Hm.", calls=[("weather", {}), SUM]), "", LAST],
    "echo": [answer(calls=[("mini.echo", {"text": "x"})]), LAST],
    "fail": [answer(calls=[("mini.fail", {})]), LAST],
}


class Live:
    """A server whose models write these answers, and OpenAI's client for it."""

    def __init__(self, server: LiveServer, client: OpenAI) -> None:
        self.server = server
        self.client = client

    def ask(self, model: str = "sum", **fields: Any) -> Any:
        return self.client.responses.create(model=model, **{**QUIET, **fields})

    def stream(self, model: str = "sum", **fields: Any) -> list[Any]:
        with self.ask(model, stream=True, **fields) as stream:
            return list(stream)

    def tool(self, name: str) -> Tool:
        found = self.server.service.tools.host.tools(["mini"]).result(30)
        return next(tool for tool in found.tools if tool.name == name)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    models = tmp_path_factory.mktemp("models")
    for name, answers in ANSWERS.items():
        write_scripted_checkpoint(models / name, answers)
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        home = tmp_path_factory.mktemp("home")
        patch.setenv("QWEN3MLX_HOME", str(home))
        (home / "settings.json").write_text(json.dumps({"model_folders": [str(models)]}))
        McpFile().add("mini", mini())
        options = {"tools": True, "remote_tools": True}
        server = stack.enter_context(live_server(model=str(models / "sum"), **options))
        client = OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
        one = Live(server, stack.enter_context(client))
        for tool in ("wait", "fail"):
            Consents().save(one.tool(tool), "always")
        one.ask(tools=[BUILT_IN])  # a thread that starts in a test looks leaked
        yield one
    assert not supervised()


@pytest.fixture
def seen(live: Live) -> Iterator[list[Usage]]:
    """What each step has used."""
    usages: list[Usage] = []

    def note(finished: Finished) -> None:
        usages.append(finished.usage)

    live.server.service.on_finished.append(note)
    yield usages
    live.server.service.on_finished.remove(note)


def kinds(events: list[Any]) -> list[str]:
    """The types of the events, each once where it repeats, without those of reasoning."""
    types = [event.type.removeprefix("response.") for event in events]
    return [one for one, _ in groupby(types) if not one.startswith("reasoning")]


def items(response: Any) -> list[str]:
    return [item.type for item in response.output]


def test_a_tool_is_listed_called_and_answered_with_in_the_documented_order(live: Live) -> None:
    events = live.stream(tools=[BUILT_IN])
    assert kinds(events) == [
        *("created", "in_progress"),
        *(*LISTED, "output_item.done"),
        *(*CALLED, "mcp_call_arguments.done", "mcp_call.completed", "output_item.done"),
        *(*SAID, "content_part.done", "output_item.done"),
        "completed",
    ]
    response = read([event.model_dump(mode="json") for event in events]).response
    assert response
    listed, call, message = response["output"]
    assert {tool["name"] for tool in listed["tools"]} == {"current_time", "calculate"}
    assert listed["tools"][1]["input_schema"]["required"] == ["expression"]
    assert call["id"].startswith("mcp_")
    assert {**call, "id": ""} == {
        "id": "",
        "type": "mcp_call",
        "status": "completed",
        "server_label": "builtin",
        "name": "calculate",
        "arguments": '{"expression": "6 * 7"}',
        "approval_request_id": None,
        "output": "42",
        "error": None,
    }
    assert message["content"][0]["text"] == LAST
    whole = live.ask(tools=[BUILT_IN])
    assert items(whole) == ["mcp_list_tools", "mcp_call", "message"]
    assert whole.output_text == LAST


def test_a_conversation_goes_on_from_what_was_computed(live: Live, seen: list[Usage]) -> None:
    """With thinking and calls at the same time, statelessly and with what is stored."""
    fields: Any = {"model": "two", "tools": [BUILT_IN, MINI], "input": "Take your time. " * 100}
    fields["reasoning"] = {"effort": "high"}
    first = live.client.responses.create(**fields)
    assert items(first)[2:] == ["reasoning", "mcp_call", "mcp_call", "reasoning", "message"]
    replayed = [{"role": "user", "content": fields["input"]}, *first.output]
    asked = {"role": "user", "content": "And?"}
    live.client.responses.create(**{**fields, "input": [*replayed, asked]})
    live.client.responses.create(**{**fields, "input": [asked], "previous_response_id": first.id})
    conversation = live.client.conversations.create()
    for text in (fields["input"], "And?"):
        live.client.responses.create(**{**fields, "input": text, "conversation": conversation.id})
    assert seen[1].cached_tokens >= seen[0].prompt_tokens + seen[0].completion_tokens - 1
    for usage in (seen[2], seen[3], seen[-1]):
        assert usage.prompt_tokens == seen[2].prompt_tokens
        assert usage.cached_tokens >= seen[0].prompt_tokens - 1
    listed = live.client.conversations.items.list(conversation.id)
    assert "mcp_list_tools" in [item.type for item in listed.data]


def test_a_call_waits_for_approval_and_is_then_made(live: Live) -> None:
    events = live.stream(tools=[ASKED])
    assert kinds(events)[6:] == ["output_item.added", "output_item.done", "completed"]
    first = events[-1].response
    _, asked = first.output
    assert (asked.type, asked.name, asked.server_label) == (
        "mcp_approval_request",
        "calculate",
        "builtin",
    )
    assert asked.arguments == '{"expression": "6 * 7"}'
    reply: Any = {"type": "mcp_approval_response", "approval_request_id": asked.id}
    yes = {**reply, "approve": True}
    events = live.stream(tools=[ASKED], input=[yes], previous_response_id=first.id)
    assert kinds(events)[2:8] == [
        *(*CALLED, "mcp_call_arguments.done", "mcp_call.completed", "output_item.done"),
    ]
    response = events[-1].response
    call, message = response.output
    assert (call.approval_request_id, call.output, call.status) == (asked.id, "42", "completed")
    assert message.content[0].text == LAST

    stateless = [{"role": "user", "content": "Go on."}, *first.output, yes]
    assert live.ask(tools=[ASKED], input=stateless, store=False).output_text == LAST
    reference = {"type": "item_reference", "id": asked.id}
    with pytest.raises(BadRequestError, match="is there twice"):
        live.ask(tools=[ASKED], input=[reference, yes], previous_response_id=first.id)
    again = live.ask(input="And?", previous_response_id=response.id)
    assert again.output_text == LAST
    with pytest.raises(BadRequestError, match="answered twice"):
        live.ask(tools=[ASKED], input=[yes], previous_response_id=response.id)


def test_a_call_that_is_not_approved_is_not_made(live: Live) -> None:
    first = live.ask(tools=[ASKED])
    asked = first.output[-1]
    reply: Any = {"type": "mcp_approval_response", "approval_request_id": asked.id}
    no = {**reply, "approve": False, "reason": "too expensive"}
    follow: Any = {"tools": [ASKED], "previous_response_id": first.id}
    assert items(live.ask(input=[no], **follow)) == ["message"]
    assert items(live.ask(input="Leave it.", **follow)) == ["message"]  # nobody has answered
    with pytest.raises(BadRequestError, match="answered twice"):
        live.ask(input=[no, {**reply, "approve": True}], **follow)
    with pytest.raises(BadRequestError, match="must be true or false"):
        live.ask(input=[{**reply, "approve": "false"}], **follow)
    with pytest.raises(BadRequestError, match="it must be the id of an earlier tool call"):
        live.ask(input=[{**reply, "approval_request_id": "x", "approve": False}], **follow)
    with pytest.raises(BadRequestError, match="no MCP server 'builtin' in tools offers it"):
        live.ask(input=[{**reply, "approve": True}], previous_response_id=first.id)
    with pytest.raises(BadRequestError, match="no MCP server 'builtin' in tools offers it"):
        live.ask(input=[{**reply, "approve": True}], **{**follow, "tools": [MINI]})


def test_approval_never_replaces_the_owners_consent(live: Live) -> None:
    """A tool that asks its owner is denied, whatever the client approves."""
    for policy in ("never", "always"):
        call = live.ask("echo", tools=[{**MINI, "require_approval": policy}]).output[1]
        assert (call.type, call.status, call.output) == ("mcp_call", "failed", None)
        assert call.error.type == "mcp_protocol_error"
        assert "has not said that it may always run" in call.error.message
    Consents().save(live.tool("echo"), "always")
    first = live.ask("echo", tools=[{**MINI, "require_approval": "always"}])
    asked = first.output[-1]
    Consents().save(live.tool("echo"), "never")
    yes: Any = {
        "type": "mcp_approval_response",
        "approval_request_id": asked.id,
        "approve": True,
    }
    call = live.ask("echo", tools=[MINI], input=[yes], previous_response_id=first.id).output[0]
    assert (call.approval_request_id, call.status) == (asked.id, "failed")
    Consents().save(live.tool("echo"), "ask")


def test_the_clients_own_functions_end_the_response(live: Live, seen: list[Usage]) -> None:
    fields: Any = {"tools": [WEATHER, BUILT_IN], "reasoning": {"effort": "high"}}
    first = live.ask("both", **fields)
    assert items(first)[1:] == ["reasoning", "message", "function_call", "mcp_call"]
    assert [item.status for item in first.output[1:]] == ["completed"] * 4
    result: Any = {
        "type": "function_call_output",
        "call_id": first.output[3].call_id,
        "output": "sun",
    }
    second = live.ask(
        "both", tools=[WEATHER, BUILT_IN], input=[result], previous_response_id=first.id
    )
    assert second.output_text == LAST
    written = first.usage.input_tokens + first.usage.output_tokens
    assert seen[-1].cached_tokens >= written - 1


def test_a_failing_tool_is_told_to_the_client_and_the_model(live: Live) -> None:
    events = live.stream("fail", tools=[MINI])
    assert "mcp_call.failed" in kinds(events)
    call = events[-1].response.output[1]
    assert call.status == "failed"
    assert call.error.model_dump() == {
        "type": "mcp_tool_execution_error",
        "content": [{"type": "text", "text": "mini: fail"}],
    }
    assert events[-1].response.output_text == LAST


def test_a_server_that_cannot_list_its_tools_fails_the_response(live: Live) -> None:
    events: list[Any] = []
    stream = live.ask(stream=True, tools=[BUILT_IN, NOBODY])
    with pytest.raises(APIError, match="The MCP server a failed"):
        list(map(events.append, stream))
    assert kinds(events)[6:] == [
        *("output_item.added", "mcp_list_tools.in_progress", "mcp_list_tools.failed"),
        "output_item.done",
    ]
    assert "The MCP server a failed" in events[-1].item.error
    stream.close()
    with pytest.raises(BadRequestError, match="The MCP server a failed") as caught:
        live.ask(tools=[BUILT_IN, NOBODY])
    assert caught.value.param == "tools[1]"


@pytest.mark.parametrize(("tool", "option"), [(BUILT_IN, "--tools"), (NOBODY, "--remote-tools")])
def test_without_the_owners_word_nothing_runs(server: LiveServer, tool: Any, option: str) -> None:
    for stream in (False, True):
        asked = {"model": "demo", "input": "Hi", "tools": [tool], "stream": stream}
        reply = server.http.post("/v1/responses", json=asked)
        assert reply.status_code == 403
        assert option in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ({"type": "mcp"}, "server_label is missing"),
        ({**BUILT_IN, "server_label": "absent"}, "has no server 'absent'"),
        ({**BUILT_IN, "allowed_tools": ["x"]}, "has no tool x"),
        ({**BUILT_IN, "server_label": "twice"}, "names 'twice' again"),
        ({**BUILT_IN, "headers": {"a": "b"}}, "headers needs a server_url"),
        ({**BUILT_IN, "connector_id": "connector_gmail"}, "connector_id is not supported"),
        ({**BUILT_IN, "require_approval": "maybe"}, "require_approval is not valid"),
        ({**NOBODY, "server_url": "file:///x"}, "a.url must be"),
        ({**NOBODY, "server_url": "http://127.0.0.1:9/${env:HOME}"}, "for mcp.json alone"),
        ({**NOBODY, "headers": {"X": "${env:HOME}"}}, "for mcp.json alone"),
        ({**NOBODY, "authorization": "t", "headers": {"authorization": "u"}}, "is in headers, too"),
        ({**NOBODY, "authorization": "a\nb"}, "header that cannot be sent"),
    ],
)
def test_a_server_that_cannot_be_is_refused_by_name(live: Live, tool: Any, told: str) -> None:
    twice: Any = {**BUILT_IN, "server_label": "twice"}
    tools = [twice, tool] if "again" in told else [WEATHER, tool]
    with pytest.raises(BadRequestError) as caught:
        live.ask(tools=tools)
    assert told in caught.value.message
    assert str(caught.value.param).startswith("tools[1]")


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"allowed_tools": ["calculate"]}, ["calculate"]),
        ({"allowed_tools": {"tool_names": ["calculate", "absent"]}}, ["calculate"]),
        ({"allowed_tools": {"read_only": True}}, ["current_time", "calculate"]),
        ({"allowed_tools": {"read_only": False}}, []),
        ({"allowed_tools": {}}, ["current_time", "calculate"]),
    ],
)
def test_the_allowed_tools_are_offered(live: Live, fields: Any, names: list[str]) -> None:
    listed = live.ask(tools=[{**BUILT_IN, **fields}]).output[0]
    assert [tool.name for tool in listed.tools] == names


@pytest.mark.parametrize(
    ("policy", "is_asked"),
    [
        (None, True),
        ({"never": {"tool_names": ["calculate"]}}, False),
        ({"never": {"tool_names": ["other"]}}, True),
        ({"never": {"read_only": True}}, False),
        ({"never": {}}, True),
        ({"always": {"tool_names": ["calculate"]}, "never": {"read_only": True}}, True),
        ({"always": {"tool_names": ["other"]}}, True),
    ],
)
def test_the_policy_of_approval(live: Live, policy: Any, is_asked: bool) -> None:
    response = live.ask(tools=[{**BUILT_IN, "require_approval": policy}])
    assert ("mcp_approval_request" in items(response)) == is_asked


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ("required", True),
        ("none", False),
        ({"type": "mcp", "server_label": "builtin"}, True),
        ({"type": "mcp", "server_label": "builtin", "name": "calculate"}, True),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "mcp", "server_label": "builtin"}],
            },
            True,
        ),
    ],
)
def test_a_choice_of_tools_is_for_the_first_step(live: Live, choice: Any, made: bool) -> None:
    response = live.ask(tools=[WEATHER, BUILT_IN], tool_choice=choice)
    assert ("mcp_call" in items(response)) == made
    assert not made or response.output_text == LAST


def test_a_choice_that_names_nothing_is_refused(live: Live) -> None:
    with pytest.raises(BadRequestError, match="names a tool that is not offered"):
        live.ask(tools=[BUILT_IN], tool_choice={"type": "mcp", "server_label": "mini"})


def test_secrets_are_not_repeated_and_calls_are_limited(live: Live) -> None:
    response = live.ask("steps", tools=[BUILT_IN], max_tool_calls=1)
    first, second = response.output[1:3]
    assert (first.status, second.status) == ("completed", "failed")
    assert "all calls that one answer may make" in second.error.message
    secret: Any = {**NOBODY, "headers": {"X-Key": "hush"}}
    key: Any = {**NOBODY, "authorization": "hush"}
    for declared in (secret, key):
        told = response_head(body(tools=[declared]), "m", SamplingParams())
        assert "hush" not in json.dumps(told)
        assert told["tools"][0]["headers"] is None


def test_what_cannot_fit_shows_before_the_stream(live: Live) -> None:
    for stream in (False, True):
        with pytest.raises(BadRequestError, match="tokens"):
            live.ask(tools=[BUILT_IN], input="Well. " * 90_000, stream=stream)


def test_each_step_computes_what_is_new(live: Live, seen: list[Usage]) -> None:
    response = live.ask("steps", tools=[BUILT_IN], reasoning={"effort": "high"})
    assert len(seen) == 4
    for before, now in pairwise(seen):
        assert now.cached_tokens >= before.prompt_tokens + before.completion_tokens - 1
    assert response.usage.input_tokens == sum(one.prompt_tokens for one in seen)
    assert response.usage.output_tokens == sum(one.completion_tokens for one in seen)
