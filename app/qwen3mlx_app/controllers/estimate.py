"""What a conversation would cost, asked for when a person has paused typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ..services.endpoint import Endpoint
from ..services.http import Call

# Milliseconds without another question.
PAUSE = 300


class Estimate(QObject):
    """`estimated(tokens, context length)`, both None where the server cannot tell."""

    estimated = Signal(object, object)

    def __init__(self, endpoint: Endpoint, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._endpoint = endpoint
        self._question: tuple[str, Sequence[Mapping[str, Any]], bool | None] | None = None
        self._call: Call | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._ask)

    def ask(self, model: str, messages: Sequence[Mapping[str, Any]], thinking: bool | None) -> None:
        """The last question of several is answered."""
        self._question = (model, messages, thinking)
        self._timer.start()

    def _ask(self) -> None:
        if self._question is None:
            return
        model, messages, thinking = self._question
        if self._call is not None:
            self._call.abort()
        self._call = self._endpoint.count_tokens(
            model=model,
            texts=(),
            messages=messages or None,
            enable_thinking=thinking,
            done=self._done,
            failed=lambda _: self._done([], None, None),
        )

    def _done(self, texts: list[int], chat: int | None, context_length: int | None) -> None:
        self._call = None
        used = 0 if chat is None and context_length is not None else chat
        self.estimated.emit(used, context_length)
