"""Titles that the model writes after the first answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..domain import ChatSettings, Conversation, Message, ModelEntry
from ..models import ListModel
from ..services import prompt
from ..services.endpoint import Endpoint
from ..services.store import Store, StoreError
from ..services.tree import Tree

# Tokens of a title; of thinking where the model cannot turn it off, and of its end.
MAX_TITLE, THOUGHT, ITS_END = 32, 128, 32


class Titles(QObject):
    """`written(conversation)`: it has its new title, and is saved.

    A title that a person gave stays; where none can be written, the question's first words do.
    """

    written = Signal(object)

    def __init__(
        self,
        store: Store,
        endpoint: Endpoint,
        models: ListModel[ModelEntry],
        *,
        is_wanted: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._endpoint = endpoint
        self._models = models
        self._is_wanted = is_wanted

    def after(self, answer: Message) -> None:
        """Write a title, if this is the first answer of its conversation."""
        if answer.status != "done" or not self._is_wanted():
            return
        try:
            transcript = self._store.transcript(answer.conversation_id)
        except StoreError:
            return  # reported where the conversation is opened
        entry = self._models.find(answer.model)
        if transcript is None or entry is None or entry.source == "demo":
            return
        questions = [message for message in transcript.messages if message.role == "user"]
        given = transcript.conversation.title
        if len(questions) != 1 or given != prompt.first_words(questions[0].content):
            return
        path = Tree(transcript.messages).path(transcript.conversation.leaf_id)
        body = {
            "model": entry.id,
            "messages": [
                *prompt.messages(path, ChatSettings()),
                {"role": "user", "content": prompt.TITLE_QUESTION},
            ],
            **_lengths(entry),
        }
        self._endpoint.short_answer(
            body,
            done=lambda text: self._apply(transcript.conversation, text),
            failed=lambda error: None,  # the provisional title stays
        )

    def _apply(self, before: Conversation, text: str) -> None:
        title = prompt.title_from(text)
        try:
            conversation = self._store.conversation(before.id)
            if not title or conversation is None or conversation.title != before.title:
                return
            renamed = replace(conversation, title=title)
            self._store.save_conversation(renamed)
        except StoreError:
            return  # reported where answers are saved
        self.written.emit(renamed)


def _lengths(entry: ModelEntry) -> dict[str, Any]:
    if entry.can_disable_thinking:
        return {"max_completion_tokens": MAX_TITLE, "enable_thinking": False}
    if entry.can_think:
        return {"max_completion_tokens": MAX_TITLE + THOUGHT + ITS_END, "thinking_budget": THOUGHT}
    return {"max_completion_tokens": MAX_TITLE}
