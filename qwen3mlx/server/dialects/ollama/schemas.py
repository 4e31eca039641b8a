"""Bodies of Ollama's endpoints (its `api/types.go`). "" means "not given", as in Go."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field

from ... import bounds
from ..shared.request_fields import (
    Body,
    Flag,
    ModelName,
    Name,
    Number,
    Object,
    Stops,
    Text,
    Tools,
    UpTo,
    Whole,
)

KeepAlive = Number | Name | None
# Left out and replaced by a note.
Images = Annotated[list[object], UpTo(bounds.MAX_ITEMS)]
Level = Literal["low", "medium", "high", "max"]


def _check_think(value: object) -> object:
    levels = get_args(Level)
    if value is None or isinstance(value, bool) or value in levels:
        return value
    raise ValueError(f"it must be true, false, {', '.join(levels[:-1])} or {levels[-1]}")


def _whole(value: object) -> object:
    """Go decodes all numbers as floats, and Ollama truncates them."""
    return int(value) if isinstance(value, float) and math.isfinite(value) else value


Count = Annotated[Whole, BeforeValidator(_whole, json_schema_input_type=Number)]
Think = Annotated[bool | Level | None, BeforeValidator(_check_think)]


class Options(Body):
    """The options that affect an answer."""

    sections: ClassVar[tuple[str, ...]] = ("ollama_options",)

    temperature: Number | None = None
    top_k: Count | None = None
    top_p: Number | None = None
    min_p: Number | None = None
    repeat_penalty: Annotated[Number, Field(gt=0, le=100)] | None = None
    repeat_last_n: Count | None = None
    presence_penalty: Number | None = None
    frequency_penalty: Number | None = None
    seed: Count | None = None
    stop: Stops = None
    num_predict: Count | None = None


class ModelBody(Body):
    """Names a model; `name` is the older field."""

    model: ModelName | None = None
    name: ModelName | None = None


class CopyBody(Body):
    source: ModelName
    destination: ModelName


class AnswerBody(Body):
    """The fields that chat and generate share."""

    model: ModelName
    stream: Flag | None = None
    format: Text | Object | None = None
    options: Options | None = None
    think: Think = None
    keep_alive: KeepAlive = None
    logprobs: Flag | None = None
    top_logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None

    @property
    def wants_stream(self) -> bool:
        return self.stream is not False


class Message(Body):
    role: Name
    content: Text | None = None
    thinking: Text | None = None
    images: Images | None = None
    tool_calls: Tools | None = None
    tool_name: Name | None = None
    tool_call_id: Name | None = None


class ChatBody(AnswerBody):
    sections: ClassVar[tuple[str, ...]] = ("ollama_chat", "ollama")

    messages: Annotated[list[Message], UpTo(bounds.MAX_ITEMS)] | None = None
    tools: Tools | None = None


class GenerateBody(AnswerBody):
    sections: ClassVar[tuple[str, ...]] = ("ollama_generate", "ollama")

    prompt: Text | None = None
    system: Text | None = None
    images: Images | None = None
    raw: Flag | None = None


class EmbedBody(Body):
    sections: ClassVar[tuple[str, ...]] = ("ollama_embed",)

    model: ModelName
    input: Text | Annotated[list[Text], UpTo(bounds.MAX_PROMPTS)] | None = None
    truncate: Flag | None = None
    dimensions: Annotated[Whole, Field(ge=0)] | None = None
    keep_alive: KeepAlive = None


class EmbeddingsBody(Body):
    """The older endpoint: one text, one vector."""

    sections: ClassVar[tuple[str, ...]] = ("ollama_embeddings",)

    model: ModelName
    prompt: Text | None = None
    keep_alive: KeepAlive = None


class PullBody(ModelBody):
    stream: Flag | None = None
