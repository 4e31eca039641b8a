"""Bodies of the server's own API, which refuses unknown fields."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from ....settings.setting import at, nullable_schema
from ....settings.table import MODEL_TTL, SERVER
from ... import bounds
from ...core.caller import Scope
from ...core.questions import Reply
from ...json_text import Json
from ..shared import request_fields
from ..shared.completions.schemas import ChatBody
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
    ttl: Annotated[Number, Field(gt=MODEL_TTL.least, le=MODEL_TTL.most)] | None = None
    sampling: Object = Field(default_factory=dict)


class DownloadBody(ModelBody):
    revision: Name | None = None


class JobBody(Body):
    id: Name


class MoveBody(JobBody):
    position: Annotated[Whole, Field(ge=0)]


class FolderBody(Body):
    path: Path


class KeyBody(Body):
    name: Name
    scope: Scope = "inference"


class ToolServerBody(Body):
    name: Name


class NewToolServerBody(ToolServerBody):
    entry: Object


class ChangedToolServerBody(ToolServerBody):
    entry: Object | None = None
    disabled: Flag | None = None


class McpTextBody(Body):
    text: Text


class ConsentBody(Body):
    server: Name
    tool: Name
    consent: Literal["ask", "always", "never"]


class BuiltInBody(Body):
    name: Literal["fetch_page", "files", "run_python"]
    enabled: Flag
    folders: Annotated[list[Path], UpTo(bounds.MAX_ITEMS)] = Field(default_factory=list)


class CallBody(Body):
    server: Name
    tool: Name
    arguments: Object = Field(default_factory=dict)


class ToolChatBody(ChatBody):
    """A chat completion during which the tools of `servers` run."""

    servers: Annotated[list[Name], UpTo(bounds.MAX_TOOLS)]


class ReplyBody(Body):
    id: Name
    reply: Reply


class TokensBody(Body):
    model: ModelName | None = None
    texts: Annotated[list[Text], UpTo(bounds.MAX_ITEMS)] = Field(default_factory=list)
    messages: Messages | None = None
    tools: Tools | None = None
    servers: Annotated[list[Name], UpTo(bounds.MAX_TOOLS)] = Field(default_factory=list)
    enable_thinking: Flag | None = None


# Settings of the server by name; the table of settings has their types and bounds.
ServerSettingsBody = Annotated[Json, WithJsonSchema(nullable_schema(at("http", SERVER)))]
