"""Bodies -> requests for the engine. Pure; every field is supported or refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....errors import InvalidRequestError
from ....library.names import plain
from ....quoting import quoted
from ....request import GenerationRequest
from ....text import check_new_message, left_out
from ..shared.located import LocatedMessages
from ..shared.request_fields import EFFORT_BUDGETS, Thinking
from ..shared.tools import client_tools, functions, tool_fields
from .schemas import AnswerBody, ChatBody, GenerateBody, Message, Options, Think

# The engine's field names -> Ollama's.
_FIELD_NAMES = {
    "repetition_penalty": "options.repeat_penalty",
    "max_tokens": "options.num_predict",
    "response_format": "format",
    "thinking_budget": "think",
    "enable_thinking": "think",
    **{
        name: f"options.{name}"
        for name in (
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "presence_penalty",
            "frequency_penalty",
            "seed",
            "stop",
        )
    },
}
_PENALTIES = {"repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}


def plain_name(name: str) -> str:
    """Return the model's name without the tag `latest`. Raises InvalidRequestError if empty."""
    meant = plain(name)
    if not meant:
        raise InvalidRequestError(
            "model must not be empty; GET /api/tags lists the models.", param="model"
        )
    return meant


def chat_request(body: ChatBody) -> GenerationRequest | None:
    """None when there is nothing to answer: the model is only to be loaded, or unloaded."""
    thinking = thinking_from(body.think)
    if not body.messages:
        return None
    last = body.messages[-1]
    if last.role.lower() == "user":
        _check_new(last.content, last.images, f"messages[{len(body.messages) - 1}].images")
    messages = LocatedMessages()
    for index, message in enumerate(body.messages):
        own = {"name": "tool_name", "reasoning_content": "thinking"}
        messages.add(_message(message, index), f"messages[{index}]", **own)
    tools = client_tools(body.tools)
    return GenerationRequest(
        messages=messages,
        tools=functions(tools),
        field_names={**_FIELD_NAMES, **messages.names, **tool_fields(tools)},
        json_schema=_json_schema(body.format),
        enable_thinking=thinking.enable,
        thinking_switch=thinking.enable,
        continue_final_message=_is_begun(body.messages[-1]),
        sampling=_sampling(body, thinking),
    )


def generate_request(body: GenerateBody) -> GenerationRequest | None:
    """None when there is nothing to answer: the model is only to be loaded, or unloaded."""
    thinking = thinking_from(body.think)
    schema = _json_schema(body.format)
    _check_new(body.prompt, body.images, "images")
    if not body.prompt:
        return None
    if body.raw:
        _refuse_in_raw(body)
        return GenerationRequest(
            prompt=body.prompt,
            json_schema=schema,
            sampling=_sampling(body, Thinking()),
            field_names=_FIELD_NAMES,
        )
    system = [{"role": "system", "content": body.system}] if body.system else []
    return GenerationRequest(
        messages=[*system, {"role": "user", "content": _content(body.prompt, body.images)}],
        field_names={**_FIELD_NAMES, "messages": "prompt"},
        json_schema=schema,
        enable_thinking=thinking.enable,
        thinking_switch=thinking.enable,
        sampling=_sampling(body, thinking),
    )


def thinking_from(think: Think) -> Thinking:
    """A level enables thinking with the budget of the reasoning effort of the same name."""
    if think is None or isinstance(think, bool):
        return Thinking(enable=think)
    return Thinking(enable=True, budget=EFFORT_BUDGETS[think])


def _message(message: Message, index: int) -> dict[str, Any]:
    """Return the message in OpenAI's format. Roles are not case-sensitive."""
    given = {
        "role": message.role.lower(),
        "content": _content(message.content, message.images, f"messages[{index}]."),
        "reasoning_content": message.thinking,
        "tool_calls": message.tool_calls,
        "name": message.tool_name,
        "tool_call_id": message.tool_call_id,
    }
    return {name: value for name, value in given.items() if value is not None}


def _content(text: str | None, images: Sequence[Any] | None, prefix: str = "") -> str:
    """Images are replaced by a note in front of the text, where Ollama puts them."""
    words = [left_out("image", f"{prefix}images[{index}]") for index in range(len(images or ()))]
    return "\n".join([*words, *([text] if text else [])])


def _check_new(text: str | None, images: Sequence[Any] | None, field: str) -> None:
    pictures = (("image", None, f"{field}[{index}]") for index in range(len(images or ())))
    check_new_message([("text", text or "", field), *pictures])


def _is_begun(last: Message) -> bool:
    """Whether the client has begun the answer, which Ollama then continues."""
    begun = bool(last.content or last.thinking) and not last.tool_calls
    return last.role.lower() == "assistant" and begun


def _refuse_in_raw(body: GenerateBody) -> None:
    for name in ("system", "think", "images"):
        if getattr(body, name):
            raise InvalidRequestError(
                f"{name} cannot be used with raw; omit raw, or include it in the prompt.",
                param=name,
            )


def _json_schema(answer_format: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if answer_format is None or answer_format == "":
        return None
    if answer_format == "json":
        return {"type": "object"}
    if isinstance(answer_format, str):
        raise InvalidRequestError(
            f'format is {quoted(answer_format)}; it must be "json" or a JSON schema object.',
            param="format",
        )
    return answer_format


def _sampling(body: AnswerBody, thinking: Thinking) -> dict[str, Any]:
    options = body.options or Options()
    top_logprobs = body.top_logprobs if body.logprobs else None
    given = {
        "temperature": options.temperature,
        "top_k": None if options.top_k is None else max(options.top_k, 0),
        "top_p": options.top_p,
        "min_p": options.min_p,
        "seed": None if options.seed == -1 else options.seed,
        "stop": options.stop,
        "max_tokens": _max_tokens(options.num_predict),
        "thinking_budget": thinking.budget,
        "logprobs": body.logprobs,
        "top_logprobs": top_logprobs,
        **_penalties(options),
    }
    return {name: value for name, value in given.items() if value is not None}


def _penalties(options: Options) -> dict[str, float | None]:
    """Penalties count all generated tokens. 0 disables them; 64 is Ollama's default."""
    if options.repeat_last_n == 0:
        return dict(_PENALTIES)
    if options.repeat_last_n not in (None, -1, 64):
        raise InvalidRequestError(
            "options.repeat_last_n must be -1 or 0: penalties count all generated tokens or none.",
            param="options.repeat_last_n",
        )
    return {
        "repetition_penalty": options.repeat_penalty,
        "presence_penalty": options.presence_penalty,
        "frequency_penalty": options.frequency_penalty,
    }


def _max_tokens(num_predict: int | None) -> int | None:
    """-1 means no limit, -2 until the context is full: here both are the same."""
    return None if num_predict is None or num_predict < 0 else num_predict
