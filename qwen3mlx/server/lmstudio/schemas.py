"""Bodies of LM Studio's v1 endpoints; v0 takes OpenAI's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..fields import Body, Flag, Number, Object, SamplingFields, Whole

Reasoning = Literal["off", "low", "medium", "high", "on"]
ContextLength = Annotated[Whole, Field(ge=1)]
TimeToLive = Annotated[Number, Field(ge=0, lt=2**31)]


class InputItem(Body):
    """`text` and `message` are two names of one thing."""

    type: str
    content: str | None = None


class ChatBody(SamplingFields):
    sections: ClassVar[tuple[str, ...]] = ("lmstudio_chat",)

    model: str
    input: str | list[InputItem]
    system_prompt: str | None = None
    stream: Flag | None = None
    max_output_tokens: Whole | None = None
    reasoning: Reasoning | None = None
    context_length: ContextLength | None = None
    store: Flag | None = None
    previous_response_id: str | None = None
    ttl: TimeToLive | None = None


class LoadBody(Body):
    """LM Studio's other settings are llama.cpp's: no fields here, as they are none of its MLX."""

    sections: ClassVar[tuple[str, ...]] = ("lmstudio_load",)

    model: str
    context_length: ContextLength | None = None
    rope_scaling: Object | None = None
    kv_bits: Whole | None = None
    ttl: TimeToLive | None = None
    echo_load_config: Flag | None = None


class UnloadBody(Body):
    instance_id: str


class DownloadBody(Body):
    model: str
    # Declared to be refused: an MLX repository holds one.
    quantization: str | None = None
