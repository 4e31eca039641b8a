"""Bodies of LM Studio's v1 endpoints; v0 uses OpenAI's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ... import bounds
from ..shared.request_fields import (
    Body,
    Flag,
    ModelName,
    Name,
    Number,
    Object,
    SamplingFields,
    Text,
    UpTo,
    Whole,
)

Reasoning = Literal["off", "low", "medium", "high", "on"]
# Servers whose tools one chat may use.
MAX_INTEGRATIONS = 32
ContextLength = Annotated[Whole, Field(ge=1)]
TimeToLive = Annotated[Number, Field(ge=0, lt=2**31)]


class InputItem(Body):
    """The types `text` and `message` mean the same."""

    type: Name
    content: Text | None = None


class Integration(Body):
    """A server of mcp.json (`mcp/NAME`), or one at an address; LM Studio has no other plugins."""

    type: Literal["plugin", "ephemeral_mcp"]
    id: Name | None = None
    server_label: Name | None = None
    server_url: Name | None = None
    headers: Object | None = None
    allowed_tools: Annotated[list[Name], UpTo(bounds.MAX_TOOLS)] | None = None


class ChatBody(SamplingFields):
    sections: ClassVar[tuple[str, ...]] = ("lmstudio_chat",)

    model: ModelName
    input: Text | Annotated[list[InputItem], UpTo(bounds.MAX_ITEMS)]
    system_prompt: Text | None = None
    integrations: Annotated[list[Name | Integration], UpTo(MAX_INTEGRATIONS)] | None = None
    stream: Flag | None = None
    max_output_tokens: Whole | None = None
    reasoning: Reasoning | None = None
    context_length: ContextLength | None = None
    store: Flag | None = None
    previous_response_id: Name | None = None
    ttl: TimeToLive | None = None


class LoadBody(Body):
    """LM Studio's other settings are for llama.cpp only: its MLX engine ignores them, too."""

    sections: ClassVar[tuple[str, ...]] = ("lmstudio_load",)

    model: ModelName
    context_length: ContextLength | None = None
    rope_scaling: Object | None = None
    kv_bits: Whole | None = None
    ttl: TimeToLive | None = None
    echo_load_config: Flag | None = None


class UnloadBody(Body):
    instance_id: ModelName


class DownloadBody(Body):
    model: ModelName
    quantization: Name | None = None
