"""Bodies of the server's own API: a key that is not declared is refused."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..caller import Scope
from ..fields import Flag, Number, Object, Whole


class Body(BaseModel):
    """A request's JSON object."""

    model_config = ConfigDict(extra="forbid")


class ModelBody(Body):
    model: str


class ModelSettingsBody(ModelBody):
    context_length: Whole | None = None
    rope_scaling: Object | None = None
    kv_bits: Whole | None = None
    ttl: Annotated[Number, Field(gt=0, lt=2**31)] | None = None
    sampling: Object = {}


class FolderBody(Body):
    path: str


class KeyBody(Body):
    name: str
    scope: Scope = "inference"


class ServerSettingsBody(Body):
    """Options of `serve`, under the names they have in settings.json."""

    port: Annotated[Whole, Field(ge=0, le=65535)] | None = None
    allow_origin: list[str] | None = None
    ttl: Annotated[Number, Field(ge=0, lt=2**31)] | None = None
    memory_limit: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None
    prefix_cache: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    max_running: Annotated[Whole, Field(ge=1, le=1024)] | None = None
    max_waiting: Annotated[Whole, Field(ge=0, lt=2**31)] | None = None


class TokensBody(Body):
    model: str | None = None
    texts: list[str] = []
    messages: list[Object] | None = None
    tools: list[Object] | None = None
    enable_thinking: Flag | None = None


Json = dict[str, Any]
