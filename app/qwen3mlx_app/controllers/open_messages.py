"""The messages of the open conversation: its tree, and the path through it that is on screen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject

from ..domain import Attachment, Message, MessageRow, Role
from ..models import ListModel
from ..services.tree import Tree
from .answer_runner import AnswerRunner
from .open_conversation import OpenConversation


class OpenMessages(QObject):
    """`tree` has all of them, `rows` a MessageRow for each that is on screen."""

    def __init__(
        self, conversation: OpenConversation, answers: AnswerRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.tree = Tree()
        self.rows = ListModel[MessageRow](
            lambda row: row.message.id, lambda row: row.message.content, self
        )
        self._open = conversation
        self._answers = answers
        answers.updated.connect(self._show_growth)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is running among them."""
        return self._open.value is not None and self._open.value.id in self._answers

    @property
    def path(self) -> list[Message]:
        """Those on screen, with the results of tools."""
        return [one for row in self.rows.values() for one in (row.message, *row.results)]

    def find(self, message_id: str) -> Message | None:
        """A message of the conversation, whether it is on screen or not."""
        return self.tree.get(message_id)

    def open(self, messages: Iterable[Message]) -> None:
        """Show those of the conversation that was opened, with an answer that is running there."""
        self.tree = Tree(messages)
        for message in self._answers.messages(self._open.value.id) if self._open.value else ():
            self.tree.put(message)
        self.rows.reset(self._rows())

    def make(
        self,
        role: Role,
        parent_id: str | None,
        content: str,
        *,
        attachments: tuple[Attachment, ...] = (),
        model: str | None = None,
    ) -> Message:
        """A new message of the open conversation."""
        return Message(
            conversation_id=self._open.value.id if self._open.value else "",
            parent_id=parent_id,
            role=role,
            content=content,
            attachments=attachments,
            model=model,
            created_at=time.time(),
        )

    def row(self, message_id: str) -> MessageRow:
        """The row of one message, whether it is on screen or not."""
        return self._with_progress(self.tree.row(self.tree[message_id]))

    def show(self) -> None:
        """Show what changed in the tree."""
        self.rows.set_values(self._rows())

    def answered_next(self, answer: Message) -> str | None:
        """The message below which an answer goes on: its last result, or else its question."""
        row = self.rows.find(answer.id)
        return row.results[-1].id if row is not None and row.results else answer.parent_id

    def advance(self, messages: Sequence[Message]) -> None:
        """A running answer goes on with these messages, in this conversation or in another."""
        last, shown = messages[-1], self._open.value
        is_shown = shown is not None and shown.id == last.conversation_id
        for message in messages if is_shown else ():
            self.tree.put(message)
        self._open.amend(last.conversation_id, leaf_id=last.id)
        if is_shown:
            self.show()

    def go_to(self, leaf_id: str | None) -> None:
        """Show the path that ends there."""
        self._open.change(leaf_id=leaf_id)
        self.show()

    def step_version(self, message_id: str, step: int) -> None:
        """Show the version `step` places further on, and what followed it."""
        if message_id in self.tree and not self.is_busy:
            versions = self.tree.versions(message_id)
            place = versions.index(message_id) + step
            if 0 <= place < len(versions):
                self.go_to(self.tree.leaf_below(versions[place]))

    def reveal(self, message_id: str) -> None:
        """Show the versions among which this message is."""
        on_path = {message.id for message in self.tree.path(self._open.leaf_id)}
        if message_id in self.tree and message_id not in on_path and not self.is_busy:
            self.go_to(self.tree.leaf_below(message_id))

    def _rows(self) -> list[MessageRow]:
        return [self._with_progress(row) for row in self.tree.rows(self._open.leaf_id)]

    def _show_growth(self, message: Message) -> None:
        if self._open.value is not None and message.conversation_id == self._open.value.id:
            self.tree.put(message)
            row = self.rows.find(message.id)
            if row is not None:
                results = tuple(self.tree[result.id] for result in row.results)
                row = replace(row, message=message, results=results)
                self.rows.put(self._with_progress(row))

    def _with_progress(self, row: MessageRow) -> MessageRow:
        is_running = row.message.status == "streaming"
        progress = self._answers.progress(row.message.id) if is_running else None
        return replace(row, progress=progress)
