"""Chat messages as callers send them -> the plain form that chat templates expect.

Content becomes a string, `developer` becomes `system`, opening system messages are merged,
arguments of tool calls become `Arguments`, and results follow the order of their calls. The
caller's own objects are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from qwen3mlx.errors import InvalidRequestError

from ..quoting import quoted
from .arguments import read_arguments
from .media import check_new_message, is_media, left_out, part_path
from .tool_results import bind_results

Message: TypeAlias = dict[str, Any]
Role = Literal["system", "user", "assistant", "tool"]

_ROLES = (*get_args(Role), "developer")
_TEXT_PARTS = ("text", "input_text", "output_text")
# Chinese has no spaces, so only ASCII letters make `/think` part of a longer word or path.
_SOFT_SWITCH = re.compile(r"(?<![\w/])/(no_)?think(?![\w/-])", re.ASCII)

_OPEN_THOUGHT = re.compile(r"\s*<think>\n?(.*)", re.DOTALL)
_LEADING_THOUGHT = re.compile(r"\s*<think>(.*?)</think>", re.DOTALL)


def normalize_messages(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Return new messages with string contents. Raises InvalidRequestError naming the field."""
    if isinstance(messages, (str, bytes, Mapping)):
        raise InvalidRequestError("messages must be a list of messages", param="messages")
    messages = list(messages)
    plain = [_normalise(message, f"messages[{index}]") for index, message in enumerate(messages)]
    if not plain:
        raise InvalidRequestError("messages must hold at least one message", param="messages")
    _check_last(messages[-1], f"messages[{len(messages) - 1}].content")
    return _merge_opening_system(bind_results(plain))


def normalize_tools(tools: object) -> list[Mapping[str, Any]] | None:
    """Return the tools for a template: a list of JSON schemas, or None for an empty one."""
    if tools is None:
        return None
    if not isinstance(tools, (list, tuple)):
        raise InvalidRequestError("tools must be a list of tools", param="tools")
    for index, tool in enumerate(tools):
        if not isinstance(tool, Mapping):
            raise InvalidRequestError(
                f"tools[{index}] must be an object with a function", param=f"tools[{index}]"
            )
    return list(tools) or None


def soft_switch(messages: Iterable[Mapping[str, Any]]) -> bool | None:
    """Return the latest `/think` (True) or `/no_think` (False) of user and system, or None."""
    switch = None
    for message in normalize_messages(messages):
        if message["role"] in ("user", "system") and "think" in message["content"]:
            for match in _SOFT_SWITCH.finditer(message["content"]):
                switch = match[1] is None
    return switch


def leading_thought(content: str) -> tuple[str | None, str]:
    """Split a text that begins with `<think>…</think>` into thought and rest; else None and the
    text.
    """
    match = _LEADING_THOUGHT.match(content)
    return (None, content) if match is None else (match[1], content[match.end() :])


def open_thought(message: Message) -> str | None:
    """Return the unfinished thought of a partial answer, or None if its thinking is complete.

    `message` is normalized. Its thought is unfinished if the message holds nothing else.
    """
    content = message["content"]
    if "tool_calls" in message or leading_thought(content)[0] is not None:
        return None
    if thought := message.get("reasoning_content"):
        return None if content else str(thought).lstrip("\n")
    match = _OPEN_THOUGHT.match(content)
    return None if match is None else match[1]


def begun_thought(messages: list[Message], template_kwargs: Mapping[str, Any]) -> str | None:
    """Return the last message's unfinished thought, which is then not rendered; None if it has
    none.

    Raises InvalidRequestError if it cannot be continued.
    """
    if messages[-1]["role"] != "assistant":
        raise InvalidRequestError(
            "Only a last message from the assistant can be continued.", param="messages"
        )
    thought = open_thought(messages[-1])
    if thought is None:
        return None
    if template_kwargs.get("enable_thinking") is False:
        raise InvalidRequestError(
            "enable_thinking is false, but the last message ends in the middle of a thought: "
            "remove one of them.",
            param="enable_thinking",
        )
    messages[-1] = {"role": "assistant", "content": ""}
    return thought


def _normalise(message: Mapping[str, Any], field: str) -> Message:
    if not isinstance(message, Mapping):
        raise InvalidRequestError(f"{field} must be an object with role and content", param=field)
    role = message.get("role")
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise InvalidRequestError(
            f"{field}.role is {quoted(role)}; it must be one of {known}", param=f"{field}.role"
        )
    plain = {**message, "role": "system" if role == "developer" else role}
    plain["content"] = _flatten(message.get("content"), f"{field}.content")
    _set_tool_calls(plain, field)
    if role == "assistant":
        _set_reasoning(plain, field)
    elif "tool_calls" in plain:
        name = f"{field}.tool_calls"
        raise InvalidRequestError(f"{name}: only assistant messages can call tools", param=name)
    return plain


def _check_last(message: Mapping[str, Any], field: str) -> None:
    """Check that the question has some text."""
    content = message.get("content")
    if message["role"] == "user" and isinstance(content, (list, tuple)):
        parts = [part if isinstance(part, Mapping) else {"text": part} for part in content]
        check_new_message(
            (part.get("type"), part.get("text"), part_path(part, f"{field}[{index}]"))
            for index, part in enumerate(parts)
        )


def _flatten(content: object, field: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, (list, tuple)):
        raise InvalidRequestError(f"{field} must be a string or a list of text parts", param=field)
    # Parts are joined without a separator, as in Qwen's own multimodal templates.
    return "".join(_part_text(part, f"{field}[{index}]") for index, part in enumerate(content))


def _part_text(part: object, field: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise InvalidRequestError(f"{field} must be a text part", param=field)
    kind = part.get("type", "text")
    if is_media(kind):
        return left_out(kind, field)
    if kind not in _TEXT_PARTS:
        raise InvalidRequestError(
            f"{field}.type is {quoted(kind)}; Qwen3 reads text only: send {', '.join(_TEXT_PARTS)}",
            param=f"{field}.type",
        )
    text = part.get("text")
    if not isinstance(text, str):
        raise InvalidRequestError(f"{field}.text must be a string", param=f"{field}.text")
    return text


def _set_reasoning(message: Message, field: str) -> None:
    """Set the name that templates read; other runtimes call it `reasoning`."""
    other = message.pop("reasoning", None)
    reasoning = message.pop("reasoning_content", None)
    reasoning = other if reasoning is None else reasoning
    if reasoning is None:
        return
    if not isinstance(reasoning, str):
        name = f"{field}.reasoning_content"
        raise InvalidRequestError(f"{name} must be a string", param=name)
    message["reasoning_content"] = reasoning


def _set_tool_calls(message: Message, field: str) -> None:
    calls = message.pop("tool_calls", None)
    if not calls:
        return
    if not isinstance(calls, (list, tuple)):
        raise InvalidRequestError(f"{field}.tool_calls must be a list", param=f"{field}.tool_calls")
    message["tool_calls"] = [
        _normalize_call(call, f"{field}.tool_calls[{index}]") for index, call in enumerate(calls)
    ]


def _normalize_call(call: object, field: str) -> dict[str, Any]:
    if not isinstance(call, Mapping) or not ("function" in call or "name" in call):
        raise InvalidRequestError(f"{field} must be an object with a function", param=field)
    function, where = call, field
    if "function" in call:
        function, where = call["function"], f"{field}.function"
    if not isinstance(function, Mapping):
        raise InvalidRequestError(f"{where} must be an object with a name", param=where)
    if not isinstance(function.get("name"), str):
        raise InvalidRequestError(f"{where}.name must be a string", param=f"{where}.name")
    plain = {**function, "arguments": _arguments(function.get("arguments"))}
    return plain if function is call else {**call, "function": plain}


def _arguments(arguments: object) -> object:
    if arguments is None or arguments == "":
        return {}
    return read_arguments(arguments) if isinstance(arguments, str) else arguments


def _merge_opening_system(messages: list[Message]) -> list[Message]:
    """Merge all instructions before the chat into messages[0], which Qwen3 treats specially."""
    count = 0
    while count < len(messages) and messages[count]["role"] == "system":
        count += 1
    if count < 2:
        return messages
    text = "\n\n".join(message["content"] for message in messages[:count])
    return [{**messages[0], "content": text}, *messages[count:]]
