"""Two models answer one question side by side."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from ..domain import Message, MessageRow, ModelEntry
from ..models import ListModel
from .answer_runner import AnswerRunner
from .open_messages import OpenMessages


class Comparison(QObject):
    """`other` is the model that also answers, from the next question on, or None.

    `columns` have the question and an answer each while `is_shown`. Both answers are versions in
    the conversation, whichever is picked. `changed` tells of all but the growth of answers.
    """

    changed = Signal()

    def __init__(
        self,
        messages: OpenMessages,
        answers: AnswerRunner,
        models: ListModel[ModelEntry],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.other: str | None = None
        self.columns = (self._column(), self._column())
        self._messages = messages
        self._models = models
        answers.updated.connect(self._show_growth)

    @property
    def is_shown(self) -> bool:
        return self.columns[0].rowCount() > 0

    @property
    def answers(self) -> list[Message]:
        """The compared ones, from left to right."""
        return [column.value(1).message for column in self.columns] if self.is_shown else []

    def set_other(self, model_id: str | None) -> None:
        self.other = model_id
        self.changed.emit()

    def takes_turns(self, model_id: str) -> bool:
        """Whether the two models do not fit in memory together, so that one answers first."""
        entries = [self._models.find(name) for name in (model_id, self.other)]
        fits = [entry.fit for entry in entries if entry is not None]
        if model_id == self.other or len(fits) < 2:
            return False
        return sum(fit.needed_bytes for fit in fits) > min(fit.limit_bytes for fit in fits)

    def show(self, question: Message, answers: list[Message]) -> None:
        for column, answer in zip(self.columns, answers, strict=True):
            column.reset([MessageRow(message=question), self._row(answer)])
        self.changed.emit()

    def resume(self, running: list[Message]) -> None:
        """Show the answers that are being compared in the conversation that was opened."""
        tree = self._messages.tree
        if len(running) == 2 and running[0].parent_id == running[1].parent_id:
            question, versions = tree[running[0].parent_id or ""], tree.versions(running[0].id)
            self.show(question, sorted(running, key=lambda one: versions.index(one.id)))

    def pick(self, message_id: str) -> None:
        """Go on with this answer; the other one stays as a version."""
        if message_id in [answer.id for answer in self.answers]:
            self.end()
            self._messages.go_to(message_id)

    def end(self) -> None:
        """Show the conversation again."""
        if self.is_shown:
            for column in self.columns:
                column.reset([])
            self.changed.emit()

    def _column(self) -> ListModel[MessageRow]:
        return ListModel[MessageRow](
            lambda row: row.message.id, lambda row: row.message.content, self
        )

    def _row(self, message: Message) -> MessageRow:
        """Without its versions: the other column has them."""
        return replace(self._messages.row(message.id), version=0, num_versions=1)

    def _show_growth(self, message: Message) -> None:
        for column in self.columns:
            if column.find(message.id) is not None:
                column.put(self._row(message))
