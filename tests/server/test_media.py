"""Pictures and sound in a conversation are replaced by a placeholder, with a warning header."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from qwen3mlx.server.http.warning_headers import WARNING_HEADER

from .live import LiveServer

pytestmark = pytest.mark.usefixtures("caplog")

Json = dict[str, Any]
CHAT = ("/v1/chat/completions", "messages", {"max_tokens": 1})
RESPONSES = ("/v1/responses", "input", {"max_output_tokens": 1})
ANTHROPIC = ("/v1/messages", "messages", {"max_tokens": 1})
OLLAMA = ("/api/chat", "messages", {"stream": False, "options": {"num_predict": 1}})
URL = "data:image/png;base64,iVBORw0KGgo="
SOURCE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}

PICTURES: list[tuple[Any, Json]] = [
    (CHAT, {"type": "image_url", "image_url": {"url": URL}}),
    (CHAT, {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}),
    (CHAT, {"type": "file", "file": {"file_data": URL}}),
    (RESPONSES, {"type": "input_image", "image_url": URL}),
    (RESPONSES, {"type": "input_file", "file_data": URL}),
    (ANTHROPIC, {"type": "image", "source": SOURCE}),
]


def text(dialect: Any, words: str) -> Json:
    return {"type": "input_text" if dialect is RESPONSES else "text", "text": words}


def ask(server: LiveServer, dialect: Any, chat: list[Json], **more: Any) -> httpx.Response:
    path, field, fields = dialect
    return server.http.post(path, json={"model": "demo", field: chat, **fields, **more})


@pytest.mark.parametrize(("dialect", "part"), PICTURES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_in_the_history_does_not_block_later_turns(
    server: LiveServer, dialect: Any, part: Json, stream: bool
) -> None:
    chat: list[Json] = [
        {"role": "user", "content": [part]},
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "And now?"},
    ]
    reply = ask(server, dialect, chat, stream=stream)
    assert reply.status_code == 200, reply.text
    (warning,) = reply.headers.get_list(WARNING_HEADER)
    assert warning.startswith(f"{dialect[1]}[0].content[0]: ")
    assert "ignored" in warning


@pytest.mark.parametrize(("dialect", "part"), PICTURES)
def test_a_new_message_needs_some_text(server: LiveServer, dialect: Any, part: Json) -> None:
    for blank in ([], [text(dialect, " \n")]):
        reply = ask(server, dialect, [{"role": "user", "content": [*blank, part]}])
        assert reply.status_code == 400, reply.text
        where = f"{dialect[1]}[0].content[{len(blank)}]"
        field = where + (f".{part['type']}" if part["type"] in part else "")
        assert f"{field} is a" in reply.text
    reply = ask(server, dialect, [{"role": "user", "content": [part, text(dialect, "Hm?")]}])
    assert reply.status_code == 200, reply.text
    assert len(reply.headers.get_list(WARNING_HEADER)) == 1


def test_pictures_in_results_of_tools(server: LiveServer) -> None:
    function = {"name": "look", "arguments": "{}"}
    call = {"id": "a", "type": "function", "function": function}
    results: dict[Any, tuple[Json, ...]] = {
        CHAT[0]: (
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": [PICTURES[0][1]]},
        ),
        RESPONSES[0]: (
            {"type": "function_call", "call_id": "a", **function},
            {"type": "function_call_output", "call_id": "a", "output": [PICTURES[3][1]]},
        ),
        ANTHROPIC[0]: (
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": [PICTURES[5][1]]}
                ],
            },
        ),
    }
    for dialect, turns in results.items():
        shape = next(each for each in (CHAT, RESPONSES, ANTHROPIC) if each[0] == dialect)
        reply = ask(server, shape, [{"role": "user", "content": "Look."}, *turns])
        assert reply.status_code == 200, reply.text
        assert len(reply.headers.get_list(WARNING_HEADER)) == 1


def test_ollama(server: LiveServer) -> None:
    old = {"role": "user", "content": "", "images": ["iVBORw0KGgo="]}
    reply = ask(server, OLLAMA, [old, {"role": "user", "content": "And now?"}])
    assert reply.status_code == 200, reply.text
    assert reply.headers[WARNING_HEADER].startswith("messages[0].images[0]: ")
    reply = ask(server, OLLAMA, [old])
    assert reply.status_code == 400
    assert "messages[0].images" in reply.json()["error"]
    body = {"model": "demo", "prompt": "Hm?", "images": [""], **OLLAMA[2]}
    reply = server.http.post("/api/generate", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.headers[WARNING_HEADER].startswith("images[0]: ")
    assert server.http.post("/api/generate", json={**body, "prompt": ""}).status_code == 400


def test_lmstudio(server: LiveServer) -> None:
    picture = {"type": "image", "data_url": URL}
    body = {"model": "demo", "max_output_tokens": 1}
    said = [picture, {"type": "text", "content": "Hm?"}]
    reply = server.http.post("/api/v1/chat", json={**body, "input": said})
    assert reply.status_code == 200, reply.text
    assert reply.headers[WARNING_HEADER].startswith("input[0]: ")
    assert server.http.post("/api/v1/chat", json={**body, "input": [picture]}).status_code == 400
