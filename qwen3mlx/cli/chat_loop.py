"""The chat's input loop."""

from __future__ import annotations

from typing import Protocol

from . import slash
from .chat import Chat

BLOCK = '"""'


class Editor(Protocol):
    """Reads typed messages. Raises EOFError on Ctrl-D, and KeyboardInterrupt on Ctrl-C at the
    prompt.
    """

    def read(self) -> str: ...


def run(chat: Chat, editor: Editor) -> None:
    """Read and answer messages until /exit or Ctrl-D."""
    while True:
        try:
            _take(chat, editor.read())
        except EOFError:
            return
        except KeyboardInterrupt:
            chat.say("Press Ctrl-D or type /exit to leave.")


def _take(chat: Chat, text: str) -> None:
    command = slash.parse(text)
    if command is not None:
        slash.run(chat, command)
    elif message := _without_quotes(text):
        chat.answer(message)


def is_open_block(text: str) -> bool:
    """Return True while a message that begins with \"\"\" has not been closed with \"\"\"."""
    text = text.strip()
    return text.startswith(BLOCK) and not (text.endswith(BLOCK) and len(text) >= 2 * len(BLOCK))


def _without_quotes(text: str) -> str:
    text = text.strip()
    if text.startswith(BLOCK) and not is_open_block(text):
        return text[len(BLOCK) : -len(BLOCK)].strip("\n")
    return text
