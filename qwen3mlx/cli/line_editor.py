"""The chat's prompt: history, multi-line input, command completion.

Enter sends. Alt-Enter starts a new line, and so does Enter inside a \"\"\" block; pasted lines stay
together.
"""

from __future__ import annotations

import os
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from ..settings.state import make_folder
from .chat_loop import is_open_block
from .display import without_surrogates
from .slash import COMMANDS


class PrivateHistory(FileHistory):
    """A history file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        path.chmod(0o600)
        super().__init__(str(path))

    def store_string(self, string: str) -> None:
        super().store_string(without_surrogates(string))


class LineEditor:
    """`path` is the history file; if it cannot be written, history lasts for one session."""

    def __init__(
        self, path: Path, *, source: Input | None = None, output: Output | None = None
    ) -> None:
        self._session: PromptSession[str] = PromptSession(
            ">>> ",
            prompt_continuation="... ",
            multiline=True,
            history=_history(path),
            completer=WordCompleter([f"/{name}" for name in COMMANDS], sentence=True),
            complete_while_typing=False,
            key_bindings=_bindings(),
            enable_open_in_editor=False,
            input=source,
            output=output,
        )

    def read(self) -> str:
        """Read one message. Raises EOFError on Ctrl-D at an empty prompt, KeyboardInterrupt on
        Ctrl-C.
        """
        return without_surrogates(self._session.prompt())


def _history(path: Path) -> History:
    try:
        return PrivateHistory(path)
    except OSError:
        return InMemoryHistory()


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_open_block(buffer.text):
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @bindings.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings
