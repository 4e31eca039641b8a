"""Bodies of OpenAI's endpoints, with the fields that LM Studio, vLLM and llama.cpp add."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainValidator

from .....errors import InvalidRequestError
from .... import bounds
from ..answer_form import FormFields
from ..request_fields import (
    Body,
    Effort,
    Flag,
    Messages,
    ModelName,
    Name,
    Number,
    Object,
    SamplingFields,
    TemplateVariables,
    Text,
    ThinkingFields,
    Tools,
    UpTo,
    Whole,
)

Prompt = str | list[int]

_TokenId = Annotated[int, Field(ge=0, le=bounds.MOST_WHOLE)]
_TokenIds = Annotated[list[_TokenId], UpTo(bounds.MAX_VALUES)]
_Texts = Annotated[list[Text], UpTo(bounds.MAX_PROMPTS)]
_Prompts = Annotated[list[_TokenIds], UpTo(bounds.MAX_PROMPTS)]
_Given = Text | _Texts | _TokenIds | _Prompts


def split_prompts(value: object, field: str = "prompt") -> list[Prompt]:
    """A string, token ids, or a list of either, as a list of prompts.

    Raises ValueError for anything else and for an empty list, InvalidRequestError for a member of
    `field` that is neither.
    """
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise ValueError("it must be a string, token ids, or a list of either")
    if all(_is_token_id(item) for item in value):
        return [value]
    if len(value) > bounds.MAX_PROMPTS:
        raise ValueError(f"it must have at most {bounds.MAX_PROMPTS} prompts, not {len(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, str) and not _is_token_ids(item):
            where = f"{field}[{index}]"
            raise InvalidRequestError(
                f"{where} must be a string or a list of token ids.", param=where
            )
    return list(value)


def _is_token_id(item: object) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= bounds.MOST_WHOLE


def _is_token_ids(item: object) -> bool:
    return isinstance(item, list) and bool(item) and all(_is_token_id(one) for one in item)


Prompts = Annotated[
    list[Prompt],
    PlainValidator(lambda value: split_prompts(value, "input"), json_schema_input_type=_Given),
]
# An empty prompt is valid for completions.
MaybePrompts = Annotated[
    list[Prompt] | None,
    PlainValidator(
        lambda value: [] if value is None or value in ("", []) else split_prompts(value),
        json_schema_input_type=_Given | None,
    ),
]
NumAnswers = Annotated[Whole, Field(ge=1, le=128)]
TimeToLive = Annotated[Number, Field(ge=0, lt=2**31)]


class StreamOptions(Body):
    sections: ClassVar[tuple[str, ...]] = ("stream_options",)

    include_usage: Flag | None = None
    continuous_usage_stats: Flag | None = None


class GenerationBody(SamplingFields, FormFields):
    """The fields that chat and text completions share."""

    model: ModelName
    stream: Flag | None = None
    stream_options: StreamOptions | None = None
    n: NumAnswers | None = None
    max_tokens: Whole | None = None
    n_predict: Whole | None = None
    ignore_eos: Flag | None = None
    prompt_logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None
    ttl: TimeToLive | None = None

    @property
    def num_answers(self) -> int:
        return self.n or 1

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def continuous_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.continuous_usage_stats)

    @property
    def shows_reasoning(self) -> bool:
        return True


class ReasoningObject(Body):
    """OpenRouter's."""

    sections: ClassVar[tuple[str, ...]] = ("chat_reasoning",)

    effort: Effort | None = None
    enabled: Flag | None = None
    max_tokens: Annotated[Whole, Field(ge=0)] | None = None
    exclude: Flag | None = None


class ThinkingObject(Body):
    """DeepSeek's, Z.ai's, and what others have adopted from Anthropic's API."""

    sections: ClassVar[tuple[str, ...]] = ("chat_thinking",)

    type: Literal["enabled", "disabled", "adaptive", "auto"]
    budget_tokens: Annotated[Whole, Field(ge=0)] | None = None


class ChatThinkingFields(ThinkingFields):
    reasoning: ReasoningObject | None = None
    thinking: Flag | ThinkingObject | None = None
    think: Flag | Effort | None = None  # Ollama's
    include_reasoning: Flag | None = None

    def efforts(self) -> dict[str, Effort | None]:
        level = None if isinstance(self.think, bool) else self.think
        return {
            **super().efforts(),
            "reasoning.effort": self.reasoning.effort if self.reasoning else None,
            "think": level,
        }

    def budgets(self) -> dict[str, int | None]:
        thinking = self.thinking if isinstance(self.thinking, ThinkingObject) else None
        return {
            **super().budgets(),
            "reasoning.max_tokens": self.reasoning.max_tokens if self.reasoning else None,
            "thinking.budget_tokens": thinking.budget_tokens if thinking else None,
        }

    def switches(self) -> dict[str, bool | None]:
        thinking = self.thinking
        if isinstance(thinking, ThinkingObject):
            thinking = thinking.type != "disabled"
        return {
            **super().switches(),
            "reasoning.enabled": self.reasoning.enabled if self.reasoning else None,
            "thinking": thinking,
            "think": self.think if isinstance(self.think, bool) else None,
        }


class ChatBody(GenerationBody, ChatThinkingFields):
    sections: ClassVar[tuple[str, ...]] = ("chat", "generation")

    messages: Messages
    max_completion_tokens: Whole | None = None
    logprobs: Flag | None = None
    top_logprobs: Whole | None = None
    tools: Tools | None = None
    tool_choice: Name | Object | None = None
    parallel_tool_calls: Flag | None = None
    continue_final_message: Flag | None = None
    add_generation_prompt: Flag | None = None

    @property
    def shows_reasoning(self) -> bool:
        excluded = self.reasoning is not None and self.reasoning.exclude
        return not excluded and self.include_reasoning is not False


class CompletionBody(GenerationBody):
    """Without a prompt, a new text is started."""

    sections: ClassVar[tuple[str, ...]] = ("completions", "generation")

    prompt: MaybePrompts = None
    echo: Flag | None = None
    logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None
    best_of: Whole | None = None

    @property
    def prompts(self) -> list[Prompt]:
        return self.prompt or [""]


KeptTokens = Annotated[Whole, Field(ge=-1)]


class EmbeddingBody(Body):
    sections: ClassVar[tuple[str, ...]] = ("embeddings",)

    model: ModelName
    input: Prompts
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[Whole, Field(ge=1)] | None = None
    instruction: Text | None = None
    truncate_prompt_tokens: KeptTokens | None = None
    ttl: TimeToLive | None = None


class TokenizeBody(Body):
    """vLLM's body: counts the tokens of `prompt` as it is, or of `messages` in the chat template.

    llama.cpp calls the prompt `content`. Its `add_special` adds nothing here, as Qwen3 has no
    token that starts a text.
    """

    sections: ClassVar[tuple[str, ...]] = ("tokenize",)

    model: ModelName | None = None
    prompt: Text | None = None
    content: Text | None = None
    with_pieces: Flag | None = None
    parse_special: Flag | None = None
    messages: Messages | None = None
    tools: Tools | None = None
    chat_template_kwargs: TemplateVariables | None = None
    add_generation_prompt: Flag | None = None
    continue_final_message: Flag | None = None


class DetokenizeBody(Body):
    model: ModelName | None = None
    tokens: Annotated[list[_TokenId], UpTo(bounds.MAX_VALUES)]
