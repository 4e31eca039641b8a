"""Message fields that OpenAI does not have, or that Qwen3's chat template does not support."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .....errors import InvalidRequestError
from .....request_warnings import warn
from .....text import left_out
from ..field_table import refuse_unheard

Message = Mapping[str, Any]

# Fields that make the answer continue a message: DeepSeek's and Mistral's, Moonshot's and Qwen's.
_BEGUN = ("prefix", "partial")
# Fields with reasoning in parts (OpenRouter's, litellm's) -> the names of a part's text.
_THOUGHTS = {"reasoning_details": ("text", "summary"), "thinking_blocks": ("thinking",)}
# Media fields of a message -> the type of content part they correspond to.
_MEDIA = {"audio": "audio", "images": "image"}
_KINDS: Mapping[str, tuple[type, str]] = {
    "name": (str, "a string"),
    "refusal": (str, "a string"),
    "function_call": (Mapping, "an object"),
    "audio": (Mapping, "an object"),
    "images": (list, "a list"),
}


def read_fields(messages: Sequence[Message]) -> list[Message]:
    """The messages with the content of these fields moved to the fields that the engine reads.

    Raises InvalidRequestError for fields that would change the answer, by the table of fields.
    """
    return [_read(message, f"messages[{index}]") for index, message in enumerate(messages)]


def begun_by(messages: Sequence[Message]) -> str | None:
    """The path of the field that asks to continue the last message, or None.

    Raises InvalidRequestError if it is set on a message that cannot be continued.
    """
    found = None
    for index, message in enumerate(messages):
        for name in _BEGUN:
            where, value = f"messages[{index}].{name}", message.get(name)
            if value is not None and not isinstance(value, bool):
                raise InvalidRequestError(f"{where} must be true or false.", param=where)
            if value and (index + 1 < len(messages) or message.get("role") != "assistant"):
                raise InvalidRequestError(
                    f"{where} is not allowed: only the last message can be continued, if it is "
                    "the assistant's.",
                    param=where,
                )
            found = where if value else found
    return found


def _read(message: Message, where: str) -> Message:
    refuse_unheard(message.keys(), ("chat_message",), message, where=where)
    _check_kinds(message, where)
    if message.get("name") and message.get("role") not in ("tool", "function"):
        warn(f"{where}.name was left out: Qwen3's chat template does not support it.")
    if message.get("role") != "assistant":
        return message
    read = dict(message)
    if not (message.get("reasoning_content") or message.get("reasoning")):
        thoughts = _thoughts(message, where)
        read |= {"reasoning_content": thoughts} if thoughts else {}
    for field, noun in _MEDIA.items():
        if message.get(field):
            words = left_out(noun, f"{where}.{field}")
            read["content"] = message.get("content") or words
    return read


def _check_kinds(message: Message, where: str) -> None:
    for field, (kind, words) in _KINDS.items():
        if message.get(field) is not None and not isinstance(message[field], kind):
            path = f"{where}.{field}"
            raise InvalidRequestError(f"{path} must be {words}.", param=path)


def _thoughts(message: Message, where: str) -> str:
    thoughts = [
        part.get(name)
        for field, names in _THOUGHTS.items()
        for part in _parts(message.get(field), f"{where}.{field}")
        for name in names
    ]
    return "\n".join(str(thought) for thought in thoughts if thought)


def _parts(given: object, where: str) -> Iterable[Mapping[str, Any]]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(part, Mapping) for part in given):
        raise InvalidRequestError(f"{where} must be a list of objects.", param=where)
    return given
