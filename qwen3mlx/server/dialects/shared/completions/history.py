"""Messages in a former format of OpenAI's API, and refusals -> today's format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .....errors import InvalidRequestError

Message = Mapping[str, Any]


def in_todays_form(messages: Sequence[Message]) -> list[Message]:
    """Converts `function_call` and the role `function`, and turns refusals into content.

    The old format has one call at a time and no ids: a result belongs to the call before it.
    Raises InvalidRequestError for a result without a call.
    """
    return list(_converted(messages))


def former_names(messages: Sequence[Message]) -> dict[str, str]:
    """The client's paths of what was converted: see `GenerationRequest.field_names`."""
    names = {}
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if message.get("role") == "function":
            names[f"{where}.tool_call_id"] = where
        elif "function_call" in message:
            names[f"{where}.tool_calls[0].function"] = f"{where}.function_call"
    return names


def _converted(messages: Sequence[Message]) -> Iterator[Message]:
    num_calls = 0
    is_waited_for = False
    for index, message in enumerate(messages):
        if message.get("role") == "function":
            if not is_waited_for:
                raise InvalidRequestError(
                    f"messages[{index}] has the role function, but there is no preceding "
                    "function_call without a result.",
                    param=f"messages[{index}]",
                )
            is_waited_for = False
            yield {**_without(message, "name"), "role": "tool", "tool_call_id": f"call_{num_calls}"}
        elif message.get("role") != "assistant":
            yield message
        elif isinstance(message.get("function_call"), Mapping) and not message.get("tool_calls"):
            num_calls += 1
            is_waited_for = True
            function = dict(message["function_call"])
            call = {"id": f"call_{num_calls}", "type": "function", "function": function}
            spoken = _without(_with_refusal(message), "function_call")
            yield {**spoken, "tool_calls": [call]}
        else:
            yield _with_refusal(message)


def _with_refusal(message: Message) -> Message:
    content = message.get("content")
    if not content and isinstance(message.get("refusal"), str):
        return {**message, "content": message["refusal"]}
    if not isinstance(content, list):
        return message
    return {**message, "content": [_as_text(part) for part in content]}


def _as_text(part: Any) -> Any:
    if isinstance(part, Mapping) and part.get("type") == "refusal":
        return {"type": "text", "text": part.get("refusal")}
    return part


def _without(message: Message, field: str) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != field}
