"""Puts questions into the open conversation, and has models answer them."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from ..domain import Attachment, Message, ModelEntry
from ..models import ListModel
from ..services import prompt
from ..services.plain import one_line
from .answer_runner import AnswerRunner
from .comparison import Comparison
from .open_conversation import OpenConversation
from .open_messages import OpenMessages


class Asking(QObject):
    """`begun`: an answer of the conversation on screen is about to be generated."""

    begun = Signal()

    def __init__(
        self,
        conversation: OpenConversation,
        messages: OpenMessages,
        answers: AnswerRunner,
        comparison: Comparison,
        models: ListModel[ModelEntry],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._open = conversation
        self._messages = messages
        self._answers = answers
        self._comparison = comparison
        self._models = models

    def ask(
        self,
        parent_id: str | None,
        text: str,
        attachments: tuple[Attachment, ...],
        model: str,
        *,
        draft: str | None = None,
        finish_reason: str | None = None,
    ) -> bool:
        """Save a question and have it answered; False if it cannot be saved.

        `draft` replaces the conversation's draft at the same moment.
        """
        conversation, tree = self._open.value, self._messages.tree
        assert conversation is not None
        question = self._messages.make("user", parent_id, text, attachments=attachments)
        question = replace(question, finish_reason=finish_reason)
        names = (one_line(attachment.name) for attachment in attachments)
        first_words = prompt.first_words(text) or next(names, "")
        tree.put(question)
        is_saved = self._open.add(
            question,
            title=conversation.title or first_words,
            draft=conversation.draft if draft is None else draft,
            model=model,
            updated_at=time.time(),
            leaf_id=question.id,
        )
        if not is_saved:
            tree.remove(question.id)
            return False
        self._comparison.end()
        if self._comparison.other is None:
            self.answer(question.id, model)
        else:
            self._compare(question, model, self._comparison.other)
        return True

    def answer(self, parent_id: str | None, model: str) -> None:
        """Add an answer to a question."""
        answer = self._messages.make("assistant", parent_id, "", model=model)
        self._generate(answer, self._body(parent_id, model))

    def go_on(self, answer: Message, model: str) -> None:
        """Go on with an answer that ended too early."""
        self._generate(answer, self._body(answer.id, model, continues=True))

    def _compare(self, question: Message, *models: str) -> None:
        """Let both models answer; the first answer is the one that is gone on with."""
        first, second = (
            self._messages.make("assistant", question.id, "", model=model) for model in models
        )
        bodies = [self._body(question.id, model, has_tools=False) for model in models]
        takes_turns = self._comparison.takes_turns(models[0])
        self._generate(first, bodies[0])
        generation = self._answers.begin(second)
        self._messages.tree.put(generation.message)
        self._messages.show()
        self._comparison.show(question, [first, second])
        if takes_turns and self._answers.progress(first.id) is not None:
            self._answers.start_after(first.id, generation, bodies[1])
        else:
            self._answers.start(generation, bodies[1])

    def _body(
        self,
        leaf_id: str | None,
        model: str,
        *,
        continues: bool = False,
        has_tools: bool = True,
    ) -> dict[str, object]:
        path = self._messages.tree.path(leaf_id)
        entry = self._models.find(model)
        has_switch = entry is None or (entry.can_think and entry.can_disable_thinking)
        settings = self._open.settings
        if not has_tools:
            settings = replace(settings, servers=())
        return prompt.body(path, settings, model, continues=continues, has_switch=has_switch)

    def _generate(self, answer: Message, body: dict[str, object]) -> None:
        generation = self._answers.begin(answer)
        self._messages.tree.put(generation.message)
        self._open.change(leaf_id=answer.id, updated_at=time.time())
        self._messages.show()
        self.begun.emit()
        self._answers.start(generation, body)
