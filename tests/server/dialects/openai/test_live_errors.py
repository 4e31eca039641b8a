"""Every bad request is refused with its field's name, in OpenAI's error object."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from openai import APIError, BadRequestError, NotFoundError, OpenAI

from qwen3mlx.events import Event
from qwen3mlx.server.core.answer import Answer

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
IMAGE = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/x.png"}}
TOOL = {"type": "function", "function": {"name": "clock"}}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"top_k": -5}, "top_k"),
        ({"min_p": 2}, "min_p"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"logit_bias": {"5": 101}}, "logit_bias"),
        ({"n": 0}, "n"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"stop": [1]}, "stop[0]"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"max_completion_tokens": -5}, "max_completion_tokens"),
        ({"stop_token_ids": [-1]}, "stop_token_ids"),
        ({"tools": [{"type": "custom"}]}, "tools[0].name"),
        ({"tools": [TOOL], "tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs"),
        ({"draft_model": "demo-moe"}, "draft_model"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, "messages[0].content[0].image_url"),
        ({"messages": "Hello"}, "messages"),
    ],
)
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_a_bad_field_is_named(client: OpenAI, fields: dict[str, Any], param: str) -> None:
    body = {"model": "demo", "messages": HELLO, **fields}
    with pytest.raises(BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=httpx.Response)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"
    assert isinstance(caught.value.body, dict)
    assert set(caught.value.body) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("name", ["model", "messages"])
def test_a_missing_field_is_named(http: httpx.Client, name: str) -> None:
    body = {"model": "demo", "messages": HELLO}
    del body[name]
    reply = http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == name


def test_an_unknown_model_is_not_found_and_the_known_are_listed(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(model="gpt-9", messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert "demo" in caught.value.message
    with pytest.raises(NotFoundError):
        client.models.retrieve("nobody/nothing")


def test_a_prompt_beyond_the_context_is_refused(client: OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "one two three " * 4000}]
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model="demo", messages=messages)
    assert caught.value.code == "context_length_exceeded"


def test_a_fault_in_a_stream_is_an_event(
    client: OpenAI, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    real = Answer.__aiter__

    async def breaks(answer: Answer) -> Any:
        num_events = 0
        async for event in real(answer):
            yield _checked(event, num_events)
            num_events += 1

    def _checked(event: Event, num_events: int) -> Event:
        if num_events == 6:
            raise RuntimeError("forced")
        return event

    with monkeypatch.context() as patch:
        patch.setattr(Answer, "__aiter__", breaks)
        body = {"model": "demo", "messages": HELLO, "stream": True}
        text = http.post("/v1/chat/completions", json=body).text
        with pytest.raises(APIError, match="RuntimeError"):
            list(client.chat.completions.create(model="demo", messages=HELLO, stream=True))
    events = [block for block in text.split("\n\n") if block.startswith("data: ")]
    assert events[-1] == "data: [DONE]"
    assert '"error":{"message":' in events[-2]
    assert "forced" in caplog.text
    assert client.chat.completions.create(model="demo", messages=HELLO).choices
