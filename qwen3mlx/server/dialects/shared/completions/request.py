"""Bodies -> requests for the engine. Pure; every field is supported or refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .....errors import InvalidRequestError
from .....request import GenerationRequest
from .... import bounds
from ..answer_form import answer_form
from ..arguments import custom_arguments
from ..request_fields import (
    agreed,
    given_name,
    sampling_fields,
    sampling_from,
    thinking_fields,
    thinking_from,
    token_limit,
)
from ..tool_choice import tool_choice_from
from ..tools import client_tools, functions, tool_fields
from .history import former_names, in_todays_form
from .message_fields import begun_by, read_fields
from .schemas import ChatBody, CompletionBody, GenerationBody, TokenizeBody

# OpenAI starts a text with this token if there is no prompt.
NEW_TEXT = "<|endoftext|>"
MAX_TOKENS = ("max_completion_tokens", "max_tokens", "n_predict")


def chat_requests(body: ChatBody) -> list[GenerationRequest]:
    """`n` requests for one conversation, with consecutive seeds."""
    tool_choice, tools = tool_choice_from(body.tool_choice, client_tools(body.tools))
    max_tokens = token_limit(body, *MAX_TOKENS)
    thinking = thinking_from(body, max_tokens)
    request = GenerationRequest(
        messages=conversation(body.messages),
        tools=functions(tools),
        tool_choice=tool_choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        **answer_form(body),
        enable_thinking=thinking.enable,
        thinking_switch=agreed(body.switches()),
        chat_template_kwargs=body.chat_template_kwargs or {},
        continue_final_message=goes_on(body),
        sampling={
            **sampling_from(body),
            **_given(
                ignore_eos=body.ignore_eos,
                max_tokens=max_tokens,
                thinking_budget=thinking.budget,
            ),
            **_logprobs(body, body.logprobs, body.top_logprobs),
        },
        field_names={
            **sampling_fields(body),
            **thinking_fields(body),
            **tool_fields(tools),
            **former_names(body.messages),
            "max_tokens": given_name(body, *MAX_TOKENS),
        },
    )
    return list(_repeated(request, body.num_answers))


def conversation(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The messages as the engine expects them."""
    return [_with_functions(message) for message in in_todays_form(read_fields(messages))]


def goes_on(body: ChatBody | TokenizeBody) -> bool:
    """Whether the answer continues the last message, rather than being a new one."""
    asked = begun_by(body.messages or ())
    said = {"continue_final_message": body.continue_final_message}
    goes_on = bool(agreed({**said, asked: True} if asked else said))
    if body.add_generation_prompt is goes_on:
        need = "must be false with" if goes_on else "can only be false with"
        raise InvalidRequestError(
            f"add_generation_prompt {need} continue_final_message: a prompt ends where the answer "
            "begins.",
            param="add_generation_prompt",
        )
    return goes_on


def _with_functions(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turns calls of custom tools into calls of the functions that represent them."""
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
    """`n` requests for the first prompt, then `n` for the second, and so on."""
    if body.best_of not in (None, body.num_answers):
        raise InvalidRequestError(
            "best_of must equal n: all generated answers are returned.", param="best_of"
        )
    num_answers = len(body.prompts) * body.num_answers
    if num_answers > bounds.MAX_ANSWERS:
        raise InvalidRequestError(
            f"prompt and n request {num_answers} answers; the maximum is {bounds.MAX_ANSWERS}.",
            param="n",
        )
    sampling = {
        **sampling_from(body),
        **_given(ignore_eos=body.ignore_eos, max_tokens=token_limit(body, *MAX_TOKENS[1:])),
        **_logprobs(body, body.logprobs is not None or None, body.logprobs, echo=bool(body.echo)),
    }
    form = answer_form(body)
    names = {**sampling_fields(body), "max_tokens": given_name(body, *MAX_TOKENS[1:])}
    return [
        request
        for prompt in body.prompts
        for request in _repeated(
            GenerationRequest(
                prompt=prompt or NEW_TEXT, sampling=sampling, field_names=names, **form
            ),
            body.num_answers,
        )
    ]


def _logprobs(
    body: GenerationBody, asked: bool | None, top: int | None, *, echo: bool = False
) -> Mapping[str, Any]:
    """Also for the prompt's tokens, if they are requested or the answer starts with them."""
    of_prompt = body.prompt_logprobs
    if of_prompt is None:
        scored = {"prompt_logprobs": True} if asked and echo else {}
        return {**_given(logprobs=asked, top_logprobs=top), **scored}
    if body.stream:
        raise InvalidRequestError(
            "prompt_logprobs cannot be combined with stream.",
            param="prompt_logprobs",
        )
    if top and not asked:
        raise InvalidRequestError("top_logprobs needs logprobs.", param="top_logprobs")
    return {"logprobs": True, "top_logprobs": max(of_prompt, top or 0), "prompt_logprobs": True}


def _repeated(request: GenerationRequest, num_answers: int) -> Iterator[GenerationRequest]:
    seed = request.sampling.get("seed")
    for index in range(num_answers):
        if seed is None or index == 0:
            yield request
        else:
            yield replace(request, sampling={**request.sampling, "seed": _later(seed, index)})


def _later(seed: int, index: int) -> int:
    """Seeds have 64 bits and wrap around."""
    return seed + index if seed + index < 2**64 else seed + index - 2**64


def _given(**fields: Any) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
