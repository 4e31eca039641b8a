"""The interactive chat: a conversation, its settings, and the loop over what a person types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..errors import Qwen3MLXError
from . import slash
from .answer import Answer, View, collect, stats_line, until
from .guard import describe
from .interrupt import CtrlC
from .settings import Settings

if TYPE_CHECKING:
    from ..runtime import Runtime

BLOCK = '"""'


class Editor(Protocol):
    """Where messages are typed. EOFError: Ctrl-D. KeyboardInterrupt: Ctrl-C at the prompt."""

    def read(self) -> str: ...


class Chat:
    """`say` prints one line of the program's own; `new_view` makes the view of one answer."""

    def __init__(
        self,
        runtime: Runtime,
        editor: Editor,
        *,
        say: Callable[[str], None],
        new_view: Callable[[], View],
        settings: Settings,
        system: str | None = None,
        show_stats: bool = False,
    ) -> None:
        self.runtime = runtime
        self.settings = settings
        self.system = system
        self.show_stats = show_stats
        self.turns: list[dict[str, str]] = []
        self.last: Answer | None = None
        self.say = say
        self._editor = editor
        self._new_view = new_view

    def run(self) -> None:
        """Until /exit or Ctrl-D."""
        while True:
            try:
                self._take(self._editor.read())
            except EOFError:
                return
            except KeyboardInterrupt:
                self.say("Ctrl-D or /exit leaves.")

    def _take(self, text: str) -> None:
        command = slash.parse(text)
        if command is not None:
            slash.run(self, command)
        elif message := _without_quotes(text):
            self._answer(message)

    def _answer(self, message: str) -> None:
        turn = {"role": "user", "content": message}
        try:
            with CtrlC() as ctrl_c:
                options = self.settings.generate_options()
                events = self.runtime.generate(self.messages([*self.turns, turn]), **options)
                answer = collect(until(ctrl_c, events), self._new_view())
        except Qwen3MLXError as error:
            self.say(describe(error))
            return
        except KeyboardInterrupt:
            self.say("Stopped; this message is not part of the conversation.")
            return
        self.turns += [turn, {"role": "assistant", "content": answer.content}]
        self.last = answer
        if answer.finished is None:
            self.say("Stopped.")
        elif answer.finished.finish_reason == "length":
            self.say("The answer was cut off: it reached max_tokens or the end of the context.")
        if self.show_stats:
            self.say(stats_line(answer))

    def messages(self, turns: list[dict[str, str]]) -> list[dict[str, str]]:
        """The conversation as the model gets it; thinking of earlier turns is left out."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *turns]


def is_open_block(text: str) -> bool:
    '''True while a message begun with """ has not been ended with """.'''
    text = text.strip()
    return text.startswith(BLOCK) and not (text.endswith(BLOCK) and len(text) >= 2 * len(BLOCK))


def _without_quotes(text: str) -> str:
    text = text.strip()
    if text.startswith(BLOCK) and not is_open_block(text):
        return text[len(BLOCK) : -len(BLOCK)].strip("\n")
    return text
