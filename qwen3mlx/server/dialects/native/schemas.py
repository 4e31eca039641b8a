"""Bodies of the server's own API, which refuses unknown fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from ... import bounds
from ...core.caller import Scope
from ..shared import request_fields
from ..shared.request_fields import (
    Flag,
    Messages,
    ModelName,
    Name,
    Number,
    Object,
    Path,
    Text,
    Tools,
    UpTo,
    Whole,
)


class Body(request_fields.Body):
    """A request body."""

    model_config = ConfigDict(extra="forbid")


class ModelBody(Body):
    model: ModelName


class ModelSettingsBody(ModelBody):
    context_length: Whole | None = None
    rope_scaling: Object | None = None
    kv_bits: Whole | None = None
    ttl: Annotated[Number, Field(gt=0, lt=2**31)] | None = None
    sampling: Object = Field(default_factory=dict)


class FolderBody(Body):
    path: Path


class KeyBody(Body):
    name: Name
    scope: Scope = "inference"


class ServerSettingsBody(Body):
    """Options of `serve`, under the names they have in settings.json."""

    port: Annotated[Whole, Field(ge=0, le=65535)] | None = None
    allow_origin: Annotated[list[Name], UpTo(bounds.MAX_ORIGINS)] | None = None
    ttl: Annotated[Number, Field(ge=0, lt=2**31)] | None = None
    memory_limit: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None
    prefix_cache: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    max_running: Annotated[Whole, Field(ge=1, le=1024)] | None = None
    max_waiting: Annotated[Whole, Field(ge=0, lt=2**31)] | None = None


class TokensBody(Body):
    model: ModelName | None = None
    texts: Annotated[list[Text], UpTo(bounds.MAX_ITEMS)] = Field(default_factory=list)
    messages: Messages | None = None
    tools: Tools | None = None
    enable_thinking: Flag | None = None
