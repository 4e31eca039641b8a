"""Bodies -> the requests of the engine; pure, every field honoured or refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...errors import InvalidRequestError
from ...request import GenerationRequest
from ..arguments import custom_arguments
from ..fields import (
    is_strict,
    json_schema_from,
    sampling_from,
    thinking_from,
    token_limit,
)
from ..tool_choice import tool_choice_from
from ..tools import client_tools, functions
from .schemas import ChatBody, CompletionBody, GenerationBody

_REFUSED_IN_CHAT = {
    "functions": "send tools instead",
    "function_call": "send tool_choice instead",
    "audio": "Qwen3 reads and writes text only",
    "prediction": "leave it out, the answer is the same",
    "web_search_options": "the server never fetches anything; offer a search tool",
}


def chat_requests(body: ChatBody) -> list[GenerationRequest]:
    """`n` requests of one conversation, the seeds counted up."""
    _refuse_common(body)
    for name, advice in _REFUSED_IN_CHAT.items():
        _refuse(body, name, advice)
    if body.modalities not in (None, [], ["text"]):
        raise InvalidRequestError(
            "modalities must be ['text']: Qwen3 reads and writes text only.", param="modalities"
        )
    tool_choice, tools = tool_choice_from(body.tool_choice, client_tools(body.tools))
    max_tokens = token_limit(body, "max_completion_tokens", "max_tokens")
    thinking = thinking_from(body, max_tokens)
    request = GenerationRequest(
        messages=[_with_functions(message) for message in body.messages],
        tools=functions(tools),
        tool_choice=tool_choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        json_schema=json_schema_from(body.response_format),
        json_schema_strict=is_strict(body.response_format),
        enable_thinking=thinking.enable,
        chat_template_kwargs=body.chat_template_kwargs or {},
        continue_final_message=bool(body.continue_final_message),
        sampling={
            **sampling_from(body),
            **_given(
                max_tokens=max_tokens,
                thinking_budget=thinking.budget,
                logprobs=body.logprobs,
                top_logprobs=body.top_logprobs,
            ),
        },
    )
    return list(_repeated(request, body.num_answers))


def _with_functions(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Calls of custom tools are calls of the functions that stand for them."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return message
    return {**message, "tool_calls": [_function_call(call) for call in calls]}


def _function_call(call: Any) -> Any:
    custom = call.get("custom") if isinstance(call, Mapping) else None
    if not isinstance(custom, Mapping):
        return call
    arguments = custom_arguments(str(custom.get("input") or ""))
    function = {"name": custom.get("name"), "arguments": arguments}
    return {**call, "type": "function", "function": function}


def completion_requests(body: CompletionBody) -> list[GenerationRequest]:
    """`n` requests of the first prompt, then `n` of the second, and so on."""
    _refuse_common(body)
    _refuse(body, "suffix", "Qwen3 was not trained to fill in the middle")
    if body.best_of not in (None, body.num_answers):
        raise InvalidRequestError(
            "best_of must equal n: every answer that is made is sent.", param="best_of"
        )
    if body.echo and body.logprobs is not None:
        raise InvalidRequestError(
            "echo cannot be joined with logprobs: the prompt's logprobs are not computed.",
            param="echo",
        )
    sampling = {
        **sampling_from(body),
        **_given(max_tokens=token_limit(body, "max_tokens")),
        **({} if body.logprobs is None else {"logprobs": True, "top_logprobs": body.logprobs}),
    }
    schema = json_schema_from(body.response_format)
    return [
        request
        for prompt in body.prompt
        for request in _repeated(
            GenerationRequest(
                prompt=prompt,
                json_schema=schema,
                json_schema_strict=is_strict(body.response_format),
                sampling=sampling,
            ),
            body.num_answers,
        )
    ]


def _repeated(request: GenerationRequest, num_answers: int) -> Iterator[GenerationRequest]:
    seed = request.sampling.get("seed")
    for index in range(num_answers):
        if seed is None or index == 0:
            yield request
        else:
            yield replace(request, sampling={**request.sampling, "seed": _later(seed, index)})


def _later(seed: int, index: int) -> int:
    """Seeds are 64 bits: the one after the last is the first."""
    return seed + index if seed + index < 2**64 else seed + index - 2**64


def _refuse_common(body: GenerationBody) -> None:
    _refuse(body, "draft_model", "load the model with one instead")
    if body.stream_options and body.stream_options.continuous_usage_stats:
        raise InvalidRequestError(
            "stream_options.continuous_usage_stats is not supported: send include_usage.",
            param="stream_options.continuous_usage_stats",
        )


def _refuse(body: GenerationBody, name: str, advice: str) -> None:
    if getattr(body, name) not in (None, "", [], {}):
        raise InvalidRequestError(f"{name} is not supported: {advice}.", param=name)


def _given(**fields: Any) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
