"""What to do when a conversation no longer fits the model's context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Attachment, Message, ModelEntry, Notice, Transcript, Undo
from ..services import prompt
from ..services.endpoint import Endpoint
from ..services.transfer import to_markdown
from .chat import ChatController
from .models import ModelsController

translate = QCoreApplication.translate

# The share of the context that is kept of a conversation, and the growth that a longer one allows.
KEPT, GROWTH = 0.6, 1.5


class ContextController(QObject):
    """`used` of `total` tokens are taken, with the question being written; None if unknown.

    `draft` are the tokens of that question alone, where all of it together is too long.
    `changed` tells of them. `moved(draft)`: another conversation goes on, with this draft.
    """

    changed = Signal()
    moved = Signal(str)
    notice = Signal(object)

    def __init__(
        self,
        chat: ChatController,
        models: ModelsController,
        endpoint: Endpoint,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.used: int | None = None
        self.total: int | None = None
        self.draft: int | None = None
        self._chat = chat
        self._models = models
        self._endpoint = endpoint
        chat.estimator.estimated.connect(self._set)
        chat.estimator.draft_estimated.connect(self._set_draft)
        for signal in (chat.changed, chat.opened):
            signal.connect(self.changed)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for an answer."""
        return self.used is not None and bool(self.total) and self.used >= (self.total or 0)

    @property
    def is_least(self) -> bool:
        """Whether there are more tokens than `used`: so many are not counted."""
        return self._chat.estimator.is_least

    @property
    def num_unsent(self) -> int:
        """How many of the oldest messages are no longer sent."""
        conversation = self._chat.conversation
        if conversation is None or conversation.settings.first_sent is None:
            return 0  # of long conversations no message is looked at
        return len(self._chat.path) - len(self._chat.sent_path)

    @property
    def is_draft_full(self) -> bool:
        """Whether the question being written does not fit, whatever is left out before it."""
        is_alone = self._chat.messages.rowCount() == 0
        alone = self.used if is_alone else self.draft
        return self.is_full and alone is not None and alone >= (self.total or 0)

    @property
    def larger(self) -> int | None:
        """A context length that would do and that fits in memory, or None."""
        entry = self._entry
        if entry is None or self.used is None or self.total is None:
            return None
        most = min(entry.max_context_length, entry.fit.largest_context)
        length = self.total
        while length < GROWTH * self.used and length < most:
            length *= 2
        length = min(length, most)
        return length if length > max(self.used, self.total) else None

    def load_larger(self) -> None:
        """Load the model again, with a context that holds the conversation."""
        entry, length = self._entry, self.larger
        if entry is not None and length is not None:
            self._models.load_with(entry.id, replace(entry.settings, context_length=length))

    def drop_oldest(self) -> None:
        """Send no more of the conversation than leaves room for an answer; nothing is deleted."""
        path = self._chat.sent_path
        texts = [prompt.user_content(message.content, message.attachments) for message in path]
        self._count(texts, partial(self._drop, path))

    def send_all(self) -> None:
        self._chat.settings.set_first_sent(None)

    def summarize(self, draft: str) -> None:
        """Ask for a summary in a new conversation, which goes on from it."""
        conversation = self._chat.conversation
        if conversation is not None:
            messages = tuple(self._chat.sent_path)
            text = to_markdown(Transcript(conversation=conversation, messages=messages))
            self._count([text], partial(self._summarize, text, draft))

    @property
    def _entry(self) -> ModelEntry | None:
        return self._models.models.find(self._chat.model_id)

    def _set(self, used: int | None, total: int | None) -> None:
        self.used, self.total, self.draft = used, total, None
        self.changed.emit()

    def _set_draft(self, tokens: int) -> None:
        self.draft = tokens
        self.changed.emit()

    def _count(self, texts: Sequence[str], then: Callable[[list[int], int], None]) -> None:
        """Count the texts' tokens; the answer comes too late for another conversation."""
        asked = self._chat.path

        def counted(counts: list[int], _: int | None, total: int, __: bool) -> None:
            if self._chat.path == asked and not self._chat.is_busy:
                then(counts, total)

        self._endpoint.count_tokens(
            model=self._chat.model_id,
            texts=texts,
            messages=None,
            enable_thinking=None,
            done=counted,
            failed=lambda error: self.notice.emit(error.notice),
        )

    def _drop(self, path: Sequence[Message], counts: list[int], total: int) -> None:
        room = KEPT * total - max(0, (self.used or 0) - sum(counts))
        first = len(path)
        while first > 0 and counts[first - 1] <= room:
            first -= 1
            room -= counts[first]
        while first < len(path) and path[first].role != "user":
            first += 1
        if first == len(path):
            text = translate(
                "context", "Even the last question and its answer do not fit. Summarize instead."
            )
            self.notice.emit(Notice(text=text, kind="warning", topic="context"))
            return
        before = self._chat.path[0].id if self.num_unsent == 0 else path[0].id
        self._chat.settings.set_first_sent(path[first].id)
        text = translate("context", "The oldest messages are no longer sent to the model.")
        shown = self._chat.path[0].conversation_id
        undo = Undo("drop_messages", partial(self._undo, shown, before), shown)
        self.notice.emit(Notice(text=text, action=undo, topic="context"))

    def _undo(self, conversation_id: str, first_sent: str) -> bool:
        shown = self._chat.conversation
        if shown is None or shown.id != conversation_id:
            return False
        self._chat.settings.set_first_sent(first_sent)
        return True

    def _summarize(self, transcript: str, draft: str, counts: list[int], total: int) -> None:
        share = KEPT * total / max(1, counts[0])
        text = transcript if share >= 1 else transcript[-int(len(transcript) * share) :]
        attachment = Attachment(
            name=translate("context", "Conversation.md"),
            kind="text",
            text=text,
            num_bytes=len(text.encode()),
            language="markdown",
        )
        question = translate(
            "context",
            "Summarize the attached conversation so that we can continue it: what was asked,"
            " what was decided, and what is still open.",
        )
        if self._chat.begin_from_summary(question, attachment):
            self.moved.emit(draft)
