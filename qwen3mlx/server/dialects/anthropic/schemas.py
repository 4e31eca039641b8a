"""Bodies of Anthropic's endpoints, with the sampling fields of the other dialects."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from ... import bounds
from ..shared.request_fields import (
    Body,
    Effort,
    Flag,
    ModelName,
    Name,
    Number,
    Object,
    SamplingFields,
    Stops,
    TemplateVariables,
    Text,
    UpTo,
    Whole,
)

Unread = Any  # declared so that it can be left out or refused


class Cacheable(Body):
    """Something on which a breakpoint of Anthropic's prompt cache may be set."""

    cache_control: Object | None = None


class TextBlock(Cacheable):
    type: Literal["text"]
    text: Text


class ThinkingBlock(Body):
    type: Literal["thinking"]
    thinking: Text
    signature: Text | None = None


class RedactedThinkingBlock(Body):
    type: Literal["redacted_thinking"]


class ToolUseBlock(Cacheable):
    type: Literal["tool_use"]
    id: Name
    name: Name
    input: Object


class OtherBlock(Body):
    """Blocks without a counterpart in Qwen3: documents, images, tools run by other servers."""

    model_config = ConfigDict(extra="allow")

    type: Name

    def field(self, name: str) -> Any:
        """The value as it was sent; None if it was not."""
        return (self.model_extra or {}).get(name)


def _by_type(*known: str) -> Discriminator:
    def tag(block: Any) -> str:
        kind = block.get("type") if isinstance(block, dict) else getattr(block, "type", None)
        return kind if kind in known else "other"

    return Discriminator(tag)


ResultBlock = Annotated[
    Annotated[TextBlock, Tag("text")] | Annotated[OtherBlock, Tag("other")], _by_type("text")
]


class ToolResultBlock(Cacheable):
    type: Literal["tool_result"]
    tool_use_id: Name
    content: Text | Annotated[list[ResultBlock], UpTo(bounds.MAX_ITEMS)] | None = None
    is_error: Flag | None = None


Block = Annotated[
    Annotated[TextBlock, Tag("text")]
    | Annotated[ThinkingBlock, Tag("thinking")]
    | Annotated[RedactedThinkingBlock, Tag("redacted_thinking")]
    | Annotated[ToolUseBlock, Tag("tool_use")]
    | Annotated[ToolResultBlock, Tag("tool_result")]
    | Annotated[OtherBlock, Tag("other")],
    _by_type("text", "thinking", "redacted_thinking", "tool_use", "tool_result"),
]


class Message(Body):
    role: Literal["user", "assistant", "system"]
    content: Text | Annotated[list[Block], UpTo(bounds.MAX_ITEMS)]


class Tool(Cacheable):
    """`type` null or `custom`: the caller's own tool; all others are Anthropic's."""

    type: Name | None = None
    name: Name | None = None
    description: Text | None = None
    input_schema: Object | None = None
    strict: Flag | None = None


class ToolChoice(Body):
    type: Literal["auto", "any", "tool", "none"]
    name: Name | None = None
    disable_parallel_tool_use: Flag | None = None


class ThinkingConfig(Body):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: Annotated[Whole, Field(ge=1)] | None = None
    display: Literal["summarized", "omitted"] | None = None


class OutputConfig(Body):
    effort: Effort | None = None
    format: Object | None = None


class ThreadParam(Body):
    type: Literal["create", "continue"]
    previous_message_id: Name | None = None


class PromptBody(Cacheable):
    """The fields that make up the prompt, which are all that `count_tokens` takes."""

    sections: ClassVar[tuple[str, ...]] = ("messages",)

    model: ModelName
    messages: Annotated[list[Message], UpTo(bounds.MAX_ITEMS)]
    system: Text | Annotated[list[TextBlock], UpTo(bounds.MAX_ITEMS)] | None = None
    tools: Annotated[list[Tool], UpTo(bounds.MAX_TOOLS)] | None = None
    tool_choice: ToolChoice | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    output_format: Object | None = None
    thread: ThreadParam | None = None
    chat_template_kwargs: TemplateVariables | None = None
    mcp_servers: Unread = None
    container: Unread = None


class MessageBody(PromptBody, SamplingFields):
    max_tokens: Whole
    stop_sequences: Stops = None
    stream: Flag | None = None
    ttl: Annotated[Number, Field(ge=0)] | None = None

    @property
    def asks_for_cache(self) -> bool:
        """Whether there is a prompt-cache breakpoint anywhere."""
        contents = [self.system, *(message.content for message in self.messages)]
        blocks = [block for content in contents if isinstance(content, list) for block in content]
        holders = [self, *(self.tools or ()), *blocks]
        return any(isinstance(holder, Cacheable) and holder.cache_control for holder in holders)
