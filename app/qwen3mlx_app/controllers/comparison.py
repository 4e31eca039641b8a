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

    While `is_shown`, `rows` are the question and both answers, and `columns` have the question and
    an answer each. Both answers are versions in the conversation, whichever is picked. `changed`
    tells of all but the growth of answers.
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
        self.rows = self._list()
        self.columns = (self._list(), self._list())
        self._messages = messages
        self._models = models
        answers.updated.connect(self._show_growth)

    @property
    def is_shown(self) -> bool:
        return self.rows.rowCount() > 0

    @property
    def answers(self) -> list[Message]:
        """The compared ones, from left to right."""
        return [row.message for row in self.rows.values()[1:]]

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
        asked, answered = MessageRow(message=question), [self._row(one) for one in answers]
        self.rows.reset([asked, *answered])
        for column, row in zip(self.columns, answered, strict=True):
            column.reset([asked, row])
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
            for rows in (self.rows, *self.columns):
                rows.reset([])
            self.changed.emit()

    def _list(self) -> ListModel[MessageRow]:
        return ListModel[MessageRow](
            lambda row: row.message.id, lambda row: row.message.content, self
        )

    def _row(self, message: Message) -> MessageRow:
        """Without its versions: the other column has them."""
        return replace(self._messages.row(message.id), version=0, num_versions=1)

    def _show_growth(self, message: Message) -> None:
        for rows in (self.rows, *self.columns):
            if rows.find(message.id) is not None:
                rows.put(self._row(message))
