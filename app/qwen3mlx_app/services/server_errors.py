"""The server's errors in the person's language; its own sentences are English."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from .server_messages import MESSAGES

# The numbers of a message that its translation repeats, in the order in which they stand there.
_NUMBERS = re.compile(r"\d[\d.,]* ?[KMGT]i?B\b|\d[\d,]*(?= tokens)")
# By the error's code, for messages that are not among MESSAGES. A sentence with {0} and {1} is for
# messages that have two numbers.
_SENTENCES = {
    "context_length_exceeded": QT_TRANSLATE_NOOP(
        "server_errors",
        "The conversation has {1} tokens, but the model's context holds {0}. Shorten it, or load"
        " the model with a longer context.",
    ),
    "insufficient_memory": QT_TRANSLATE_NOOP(
        "server_errors",
        "There is not enough memory: {0} are needed, and {1} are available. Use a smaller model,"
        " fewer bits, or a shorter context.",
    ),
    "model_not_found": QT_TRANSLATE_NOOP(
        "server_errors", "This model is not on this computer. Choose another one."
    ),
    "invalid_checkpoint": QT_TRANSLATE_NOOP(
        "server_errors", "The model's files cannot be used. Download the model again. ({message})"
    ),
    "invalid_chat_template": QT_TRANSLATE_NOOP(
        "server_errors", "The model's chat template does not work. ({message})"
    ),
    "overloaded": QT_TRANSLATE_NOOP("server_errors", "The server is busy. Try again in a moment."),
    "too_many_bytes": QT_TRANSLATE_NOOP(
        "server_errors", "The server is busy. Try again in a moment."
    ),
    "unavailable": QT_TRANSLATE_NOOP(
        "server_errors", "The model was unloaded during the answer. Try again."
    ),
    "download_failed": QT_TRANSLATE_NOOP("server_errors", "The download failed. ({message})"),
    "hub_unreachable": QT_TRANSLATE_NOOP(
        "server_errors", "The hub cannot be reached. Check the connection. ({message})"
    ),
    "not_saved": QT_TRANSLATE_NOOP(
        "server_errors",
        "The server cannot save this. Free up some space, or check its folder's permissions.",
    ),
    "invalid_configuration": QT_TRANSLATE_NOOP(
        "server_errors", "A settings file of the server is damaged. ({message})"
    ),
    "internal_error": QT_TRANSLATE_NOOP(
        "server_errors", "The server made an error. Try again, or restart it."
    ),
    "invalid_api_key": QT_TRANSLATE_NOOP(
        "server_errors", "The server does not accept this app's key. Restart the server."
    ),
    "not_deleted": QT_TRANSLATE_NOOP("server_errors", "The model cannot be deleted. ({message})"),
    "tool_server_failed": QT_TRANSLATE_NOOP(
        "server_errors", "The tools cannot be used. ({message})"
    ),
    "sign_in_failed": QT_TRANSLATE_NOOP("server_errors", "Signing in failed. ({message})"),
    "conversion_failed": QT_TRANSLATE_NOOP("server_errors", "The conversion failed. ({message})"),
    "invalid_text": QT_TRANSLATE_NOOP("server_errors", "The text cannot be used. ({message})"),
    "usage": QT_TRANSLATE_NOOP("server_errors", "This is not possible. ({message})"),
    "insufficient_scope": QT_TRANSLATE_NOOP(
        "server_errors", "The server does not accept this app's key. Restart the server."
    ),
    "too_many_connections": QT_TRANSLATE_NOOP(
        "server_errors", "The server is busy. Try again in a moment."
    ),
    # The window's own: processes that ended without saying why.
    "server_ended": QT_TRANSLATE_NOOP("server_errors", "The server ended. ({message})"),
    "command_ended": QT_TRANSLATE_NOOP("server_errors", "This did not succeed. ({message})"),
}
_OTHER = QT_TRANSLATE_NOOP("server_errors", "The server refused the request: {message}")
# What may be around a message, if one of its parts is known.
_AROUND = (
    QT_TRANSLATE_NOOP("server_errors", "{0}."),
    QT_TRANSLATE_NOOP("server_errors", "{0} ({1})"),
    QT_TRANSLATE_NOOP("server_errors", "{0}: {1}"),
)
# Characters of a message that is translated part by part, and how deep parts are looked into:
# whoever writes a tool's errors may be anybody.
_LONGEST, _DEEPEST = 4000, 7


def said(code: str, message: str) -> str:
    """The sentence for an error; in English, the server's own `message`, which knows more."""
    if (known := _known(message)) is not None:
        return known
    numbers = _NUMBERS.findall(message)
    source = str(_SENTENCES.get(code, _OTHER))
    if "{1}" in source and len(numbers) < 2:
        source = str(_OTHER)
    sentence = QCoreApplication.translate("server_errors", source)
    if sentence == source:  # not translated: the person reads English
        return message
    return sentence.format(*numbers, message=message)


def told(text: str) -> str:
    """What the server says of anything, in the person's language as far as it is known."""
    return _known(text) or text


def system_reason(error: OSError) -> str:
    """Why the system refused, such as `No space left on device`, in the person's language."""
    return told(str(error.strerror or error))


def _known(text: str, depth: int = _DEEPEST) -> str | None:
    """The translation of a message that is known word by word, and of its parts that are."""
    if depth <= 0 or len(text) > _LONGEST:
        return None
    for source, between in _messages():
        if (parts := _parts(text, between)) is not None:
            return _filled(source, [_known(part, depth - 1) or part for part in parts])
    for source in map(str, _AROUND):
        parts = _parts(text, _between(source)) or []
        known = [_known(part, depth - 2) for part in parts]
        if any(known):
            return _filled(source, [one or part for one, part in zip(known, parts, strict=True)])
    return None


@cache
def _messages() -> list[tuple[str, list[str]]]:
    """Those of MESSAGES, the most precise first, with what stands between their parts."""
    split = [(source, _between(source)) for source in MESSAGES]
    return sorted(split, key=lambda one: -len("".join(one[1])))


def _between(source: str) -> list[str]:
    """`{0} is {1}.` -> ``, ` is `, `.`."""
    found = [""]
    for text, name, _, _ in Formatter().parse(source):
        found[-1] += text
        found += [""] if name is not None else []
    return found


def _parts(text: str, between: list[str]) -> list[str] | None:
    """The parts of a text that has all this between them; None if it has not. Linear."""
    first, *rest = between
    if not rest:
        return [] if text == first else None
    if not text.startswith(first) or not text.endswith(rest[-1]):
        return None
    text = text[len(first) : len(text) - len(rest[-1])]
    parts = []
    for literal in rest[:-1]:
        part, found, text = text.partition(literal)
        if not found:
            return None
        parts.append(part)
    parts.append(text)
    return parts if all(parts) else None


def _filled(source: str, parts: list[str]) -> str:
    return QCoreApplication.translate("server_errors", source).format(*parts)
