"""How many tokens a conversation would take, asked of the server while a person types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from ..services.endpoint import Endpoint
from ..services.http import Call
from ..services.timers import single_shot

# Milliseconds without typing after which the server is asked.
PAUSE = 300


class WouldSend(NamedTuple):
    """What would be sent; `thinking` is None where the model decides.

    `servers` are those whose tools are offered; `draft` is what of it is being written.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    thinking: bool | None
    servers: Sequence[str] = ()
    draft: str = ""


class ContextEstimator(QObject):
    """Emits `estimated(tokens, context length)`, both None where the server cannot tell.

    Where there is no room for an answer, `draft_estimated(tokens)` follows: of the draft alone.
    `is_least`: there are more tokens than were told last, too many to be counted.
    """

    estimated = Signal(object, object)
    draft_estimated = Signal(int)

    def __init__(self, endpoint: Endpoint, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._endpoint = endpoint
        self.is_least = False
        self._question: Callable[[], WouldSend] | None = None
        self._call: Call | None = None
        self._number = 0
        self._timer = single_shot(self, PAUSE, self._ask)

    def estimate(self, question: Callable[[], WouldSend]) -> None:
        """Ask after a pause; of several questions only the last is made up and answered."""
        self._question = question
        self._timer.start()

    def forget(self) -> None:
        """Ask nothing more of a conversation that is left."""
        self._timer.stop()
        self._number += 1
        self.estimated.emit(None, None)

    def _ask(self) -> None:
        if self._question is None:
            return
        question, number = self._question(), self._number
        if self._call is not None:
            self._call.abort()
        self._call = self._endpoint.count_tokens(
            model=question.model,
            texts=(),
            messages=question.messages or None,
            servers=question.servers,
            enable_thinking=question.thinking,
            done=partial(self._on_counted, question, number),
            failed=lambda _: self._on_counted(question, number, [], None, None, False),
        )

    def _on_counted(
        self,
        question: WouldSend,
        number: int,
        texts: list[int],
        chat: int | None,
        context_length: int | None,
        is_least: bool,
    ) -> None:
        self._call = None
        if number != self._number:  # asked of a conversation that was left
            return
        self.is_least = is_least
        used = 0 if chat is None and context_length is not None else chat
        self.estimated.emit(used, context_length)
        is_alone = not question.draft or len(question.messages) == 1
        if not is_alone and used is not None and used >= (context_length or 0):
            self._ask_alone(question, number)

    def _ask_alone(self, question: WouldSend, number: int) -> None:
        """Whether the draft would fit without all that is before it."""

        def counted(_: list[int], chat: int | None, __: int, is_least: bool) -> None:
            self._call = None
            if number == self._number and chat is not None:
                self.is_least = is_least
                self.draft_estimated.emit(chat)

        self._call = self._endpoint.count_tokens(
            model=question.model,
            texts=(),
            messages=[{"role": "user", "content": question.draft}],
            enable_thinking=question.thinking,
            done=counted,
            failed=lambda _: None,
        )
