"""The server's errors in the person's language; its own sentences are English."""

from __future__ import annotations

import re

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

# The numbers of a message that its translation repeats, in the order in which they stand there.
_NUMBERS = re.compile(r"\d[\d.,]* ?[KMGT]i?B\b|\d[\d,]*(?= tokens)")
# By the error's code. A sentence with {0} and {1} is for messages that have two numbers.
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
}
_FAILED = QT_TRANSLATE_NOOP("server_errors", "The MCP server {name} failed: {reason}.")
_FAILURE = re.compile(r"The MCP server (.+?) failed: (.+?)\.?", re.DOTALL)
# Why an MCP server fails, as the server says it; a sentence repeats the groups.
_REASONS = {
    r"the command (.+) was not found: install it, or write its whole path": QT_TRANSLATE_NOOP(
        "server_errors", "the command {0} was not found: install it, or write its whole path"
    ),
    r"it has ended": QT_TRANSLATE_NOOP("server_errors", "it has ended"),
    r"it has ended \((.+)\)": QT_TRANSLATE_NOOP("server_errors", "it has ended ({0})"),
    r"it does not answer": QT_TRANSLATE_NOOP("server_errors", "it does not answer"),
    r"All connection attempts failed": QT_TRANSLATE_NOOP(
        "server_errors", "All connection attempts failed"
    ),
    r"the variable (\w+) that it needs is not set": QT_TRANSLATE_NOOP(
        "server_errors", "the variable {0} that it needs is not set"
    ),
}
_OTHER = QT_TRANSLATE_NOOP("server_errors", "The server refused the request: {message}")


def said(code: str, message: str) -> str:
    """The sentence for an error; in English, the server's own `message`, which knows more."""
    if code == "tool_server_failed" and (failure := _FAILURE.fullmatch(message)):
        sentence = QCoreApplication.translate("server_errors", str(_FAILED))
        return sentence.format(name=failure[1], reason=reason(failure[2]))
    numbers = _NUMBERS.findall(message)
    source = str(_SENTENCES.get(code, _OTHER))
    if "{1}" in source and len(numbers) < 2:
        source = str(_OTHER)
    sentence = QCoreApplication.translate("server_errors", source)
    if sentence == source:  # not translated: the person reads English
        return message
    return sentence.format(*numbers, message=message)


def reason(text: str) -> str:
    """Why an MCP server fails, as far as it is a reason that is known."""
    for pattern, source in _REASONS.items():
        if found := re.fullmatch(pattern, text, re.DOTALL):
            sentence = QCoreApplication.translate("server_errors", str(source))
            return sentence.format(*found.groups())
    return text
