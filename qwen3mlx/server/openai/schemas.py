"""Bodies of OpenAI's endpoints, with the fields that LM Studio, vLLM and llama.cpp add to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from ..fields import Body, Flag, Number, Object, SamplingFields, ThinkingFields, Whole

Prompt = str | list[int]


def split_prompts(value: object) -> list[Prompt]:
    """A string, token ids, or a list of either: always as a list of prompts.

    Raises ValueError for anything else and for a list with nothing in it.
    """
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise ValueError("it must be a string, token ids, or a list of either")
    if all(_is_token_id(item) for item in value):
        return [value]
    for index, item in enumerate(value):
        if not isinstance(item, str) and not _is_token_ids(item):
            raise ValueError(f"item {index} must be a string or a list of token ids")
    return list(value)


def _is_token_id(item: object) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and item >= 0


def _is_token_ids(item: object) -> bool:
    return isinstance(item, list) and bool(item) and all(_is_token_id(one) for one in item)


Prompts = Annotated[
    list[Prompt],
    PlainValidator(
        split_prompts, json_schema_input_type=str | list[str] | list[int] | list[list[int]]
    ),
]
NumAnswers = Annotated[Whole, Field(ge=1, le=128)]
TimeToLive = Annotated[Number, Field(ge=0, lt=2**31)]


class StreamOptions(Body):
    include_usage: Flag | None = None
    continuous_usage_stats: Flag | None = None


class GenerationBody(SamplingFields):
    """What chat and text completions have in common."""

    model: str
    stream: Flag | None = None
    stream_options: StreamOptions | None = None
    n: NumAnswers | None = None
    max_tokens: Whole | None = None
    response_format: Object | None = None
    ttl: TimeToLive | None = None
    draft_model: str | None = None

    @property
    def num_answers(self) -> int:
        return self.n or 1

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


class ChatBody(GenerationBody, ThinkingFields):
    messages: list[Object]
    max_completion_tokens: Whole | None = None
    logprobs: Flag | None = None
    top_logprobs: Whole | None = None
    tools: list[Object] | None = None
    tool_choice: str | Object | None = None
    parallel_tool_calls: Flag | None = None
    continue_final_message: Flag | None = None
    # Declared to be refused: ignoring them would change the answer silently.
    functions: list[Any] | None = None
    function_call: str | Object | None = None
    modalities: list[str] | None = None
    audio: Object | None = None
    prediction: Object | None = None
    web_search_options: Object | None = None


class CompletionBody(GenerationBody):
    prompt: Prompts
    echo: Flag | None = None
    logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None
    best_of: Whole | None = None
    suffix: str | None = None


class EmbeddingBody(Body):
    model: str
    input: Prompts
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[Whole, Field(ge=1)] | None = None
    ttl: TimeToLive | None = None


class TokenizeBody(Body):
    """vLLM's: the tokens of a `prompt` as it is, or of `messages` in the chat template.

    llama.cpp calls the first `content`, and has `add_special`, which adds nothing here: Qwen3 has
    no token that begins a text.
    """

    model: str | None = None
    prompt: str | None = None
    content: str | None = None
    with_pieces: Flag | None = None
    parse_special: Flag | None = None
    messages: list[Object] | None = None
    tools: list[Object] | None = None
    chat_template_kwargs: Object | None = None
    add_generation_prompt: Flag | None = None
    continue_final_message: Flag | None = None


class DetokenizeBody(Body):
    model: str | None = None
    tokens: list[Annotated[Whole, Field(ge=0)]]
