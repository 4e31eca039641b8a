"""A chat in the terminal: the conversation and its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import Qwen3MLXError
from .answer import Answer, View, collect, stats_line, until
from .guard import describe
from .interrupt import CtrlC
from .settings import Settings

if TYPE_CHECKING:
    from ..runtime import Runtime
    from .agent import Agent


class Chat:
    """`say` prints one of the program's own lines; `new_view` makes the view of one answer."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        say: Callable[[str], None],
        new_view: Callable[[], View],
        settings: Settings,
        system: str | None = None,
        show_stats: bool = False,
        agent: Agent | None = None,
    ) -> None:
        self.runtime = runtime
        self.settings = settings
        self.system = system
        self.show_stats = show_stats
        self.agent = agent
        self.turns: list[dict[str, Any]] = []
        self.last: Answer | None = None
        self.say = say
        self._new_view = new_view

    def answer(self, message: str) -> None:
        """Show the model's answer to `message`, and add both to the conversation."""
        turn = {"role": "user", "content": message}
        try:
            with CtrlC() as ctrl_c:
                answer, new_turns = self._answer([*self.turns, turn], ctrl_c)
        except Qwen3MLXError as error:
            self.say(describe(error))
            return
        except KeyboardInterrupt:
            self.say("Stopped; this message is not part of the conversation.")
            return
        self.turns += [turn, *new_turns]
        self.last = answer
        if answer.finished is None:
            self.say("Stopped.")
        elif answer.finished.finish_reason == "length":
            self.say(
                "The answer was cut off because it reached max_tokens or the end of the context."
            )
        if self.show_stats:
            self.say(stats_line(answer))

    def _answer(
        self, turns: list[dict[str, Any]], ctrl_c: CtrlC
    ) -> tuple[Answer, list[dict[str, Any]]]:
        """The answer, and the messages that it adds to the conversation."""
        messages, options = self.messages(turns), self.settings.generate_options()
        if self.agent is not None:
            answer, new = self.agent.answer(self.runtime, messages, options, self._new_view, ctrl_c)
        else:
            events = self.runtime.generate(messages, **options)
            answer, new = collect(until(ctrl_c, events), self._new_view()), []
        return answer, new or [{"role": "assistant", "content": answer.content}]

    def messages(self, turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The conversation as the model sees it, without the thinking of earlier turns."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *turns]
