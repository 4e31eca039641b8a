"""Bodies of the Responses API, with the fields that local runtimes add."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ... import bounds
from ..shared.request_fields import (
    Body,
    Effort,
    Flag,
    Messages,
    ModelName,
    Name,
    Number,
    Object,
    SamplingFields,
    Text,
    ThinkingFields,
    Tools,
    UpTo,
    Whole,
)

# Values for tools and inputs that are refused have no effect.
Include = Literal[
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "web_search_call.action.sources",
    "web_search_call.results",
]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]


Summary = Literal["auto", "concise", "detailed"]


class ReasoningConfig(Body):
    """`generate_summary` is the former name of `summary`."""

    sections: ClassVar[tuple[str, ...]] = ("responses_reasoning",)

    effort: Effort | None = None
    summary: Summary | None = None
    generate_summary: Summary | None = None

    @property
    def wanted_summary(self) -> Summary | None:
        return self.summary or self.generate_summary


class TextConfig(Body):
    sections: ClassVar[tuple[str, ...]] = ("responses_text",)

    format: Object | None = None


class ToolFilter(Body):
    """Tools of an MCP server. `read_only` is what the server itself says about a tool."""

    tool_names: Annotated[list[Name], UpTo(bounds.MAX_TOOLS)] | None = None
    read_only: Flag | None = None


class Approval(Body):
    always: ToolFilter | None = None
    never: ToolFilter | None = None


class McpTool(Body):
    """A member of `tools`; undeclared fields are checked by `mcp.servers_from`, with its path."""

    sections: ClassVar[tuple[str, ...]] = ("responses_mcp",)

    type: Literal["mcp"]
    server_label: Name
    server_url: Name | None = None
    server_description: Text | None = None
    headers: Object | None = None
    authorization: Name | None = None
    allowed_tools: Annotated[list[Name], UpTo(bounds.MAX_TOOLS)] | ToolFilter | None = None
    require_approval: Literal["always", "never"] | Approval | None = None


class ConversationParam(Body):
    id: Name


class NewConversationBody(Body):
    items: Annotated[list[Object], UpTo(20)] | None = None
    metadata: Metadata | None = None


class NewItemsBody(Body):
    items: Annotated[list[Object], UpTo(20)]


class MetadataBody(Body):
    metadata: Metadata | None


class ConversationBody(ThinkingFields):
    """The fields that make up the prompt, which are all that is needed to count its tokens."""

    sections: ClassVar[tuple[str, ...]] = ("responses",)

    input: Text | Messages | None = None
    instructions: Text | None = None
    previous_response_id: Name | None = None
    tools: Tools | None = None
    tool_choice: Name | Object | None = None
    parallel_tool_calls: Flag | None = None
    reasoning: ReasoningConfig | None = None
    text: TextConfig | None = None
    truncation: Literal["auto", "disabled"] | None = None
    conversation: Name | ConversationParam | None = None
    # Declared in order to refuse them: ignoring them would silently change the answer.
    prompt: Object | None = None
    context_management: Annotated[list[Any], UpTo(bounds.MAX_ITEMS)] | None = None

    def efforts(self) -> dict[str, Effort | None]:
        effort = self.reasoning.effort if self.reasoning else None
        return {"reasoning.effort": effort, **super().efforts()}

    @property
    def conversation_id(self) -> str | None:
        given = self.conversation
        return given.id if isinstance(given, ConversationParam) else given


class CountBody(ConversationBody):
    model: ModelName | None = None


class ResponseBody(ConversationBody, SamplingFields):
    model: ModelName
    max_output_tokens: Whole | None = None
    max_tool_calls: Annotated[Whole, Field(ge=1)] | None = None
    top_logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None
    include: Annotated[list[Include], UpTo(bounds.MAX_INCLUDED)] | None = None
    store: Flag | None = None
    stream: Flag | None = None
    background: Flag | None = None
    metadata: Metadata | None = None
    ttl: Annotated[Number, Field(ge=0)] | None = None
    # Returned in the response; otherwise without effect.
    user: Name | None = None
    safety_identifier: Name | None = None
    prompt_cache_key: Name | None = None

    def includes(self, name: Include) -> bool:
        return name in (self.include or ())
