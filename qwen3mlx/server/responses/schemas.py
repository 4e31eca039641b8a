"""Bodies of the Responses API, with the fields that local runtimes add to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ..fields import Body, Effort, Flag, Object, SamplingFields, ThinkingFields, Whole

# Those that concern tools and inputs which are refused have nothing to include.
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


class ReasoningConfig(Body):
    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class TextConfig(Body):
    format: Object | None = None


class ConversationBody(ThinkingFields):
    """What the model gets to read: all of it that is needed to count its tokens."""

    input: str | list[Object] | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    tools: list[Object] | None = None
    tool_choice: str | Object | None = None
    parallel_tool_calls: Flag | None = None
    reasoning: ReasoningConfig | None = None
    text: TextConfig | None = None
    truncation: Literal["auto", "disabled"] | None = None
    # Declared to be refused: ignoring them would change the answer silently.
    conversation: str | Object | None = None
    prompt: Object | None = None
    context_management: list[Any] | None = None


class CountBody(ConversationBody):
    model: str | None = None


class ResponseBody(ConversationBody, SamplingFields):
    model: str
    max_output_tokens: Whole | None = None
    max_tool_calls: Annotated[Whole, Field(ge=1)] | None = None
    top_logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None
    include: list[Include] | None = None
    store: Flag | None = None
    stream: Flag | None = None
    background: Flag | None = None
    metadata: Metadata | None = None
    ttl: Annotated[float, Field(ge=0, strict=True)] | None = None
    # Said back in the response; there is one person, one tier and one prefix cache.
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None

    def includes(self, name: Include) -> bool:
        return name in (self.include or ())
