"""langchain-openai's unmodified ChatOpenAI."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from tests.server.live import LiveServer


@pytest.fixture
def model(server: LiveServer) -> ChatOpenAI:
    return ChatOpenAI(
        model="demo",
        base_url=f"{server.url}/v1",
        api_key="lm-studio",  # type: ignore[arg-type]  # pydantic makes it a SecretStr
        temperature=0,
        max_retries=0,
        extra_body={"enable_thinking": False},
    )


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


class Size(BaseModel):
    """Return its size."""

    big: bool


def test_invoke(model: ChatOpenAI) -> None:
    reply = model.invoke([SystemMessage("Be brief."), HumanMessage("Hello!")])
    assert reply.content
    assert reply.response_metadata["finish_reason"] == "stop"
    assert reply.usage_metadata
    assert reply.usage_metadata["input_tokens"] > 0


def test_stream_is_the_same_answer(model: ChatOpenAI) -> None:
    chunks = list(model.stream("Hello!", stream_usage=True))
    assert "".join(str(chunk.content) for chunk in chunks) == model.invoke("Hello!").content
    assert sum(bool(chunk.usage_metadata) for chunk in chunks) == 1


def test_async_batch(model: ChatOpenAI) -> None:
    replies = asyncio.run(model.abatch(["Hello!", "Hello!"]))
    assert replies[0].content == replies[1].content != ""


def test_bind_tools_calls_one_and_takes_its_result(model: ChatOpenAI) -> None:
    with_tools = model.bind_tools([get_weather], tool_choice="get_weather")
    reply = with_tools.invoke("What is the weather in Oslo?")
    assert isinstance(reply, AIMessage)
    [call] = reply.tool_calls
    assert call["name"] == "get_weather"
    assert set(call["args"]) == {"city"}
    result = get_weather.invoke(call)
    assert isinstance(result, ToolMessage)
    asked = HumanMessage("What is the weather in Oslo?")
    assert model.bind_tools([get_weather]).invoke([asked, reply, result]).content


def test_streamed_tool_calls_join(model: ChatOpenAI) -> None:
    with_tools = model.bind_tools([get_weather], tool_choice="any")
    chunks: Any = list(with_tools.stream("What is the weather in Oslo?"))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.tool_calls[0]["name"] == "get_weather"
    assert set(whole.tool_calls[0]["args"]) == {"city"}


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(model: ChatOpenAI, method: Any) -> None:
    assert isinstance(model.with_structured_output(Size, method=method).invoke("Hello!"), Size)


def test_logprobs(model: ChatOpenAI) -> None:
    reply = model.bind(logprobs=True).invoke("Hello!")
    entries = reply.response_metadata["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == reply.content


def test_embeddings(server: LiveServer) -> None:
    embeddings = OpenAIEmbeddings(
        model="demo",
        base_url=f"{server.url}/v1",
        api_key="x",  # type: ignore[arg-type]
        check_embedding_ctx_length=False,
    )
    vectors = embeddings.embed_documents(["one", "two"])
    assert len(vectors) == 2
    assert vectors[0] != vectors[1]
