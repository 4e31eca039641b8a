"""The open conversation: opened, asked, answered, edited, branched."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import (
    EDITED,
    Attachment,
    Conversation,
    Message,
    ModelEntry,
    Notice,
    ThinkingMode,
)
from ..models import ListModel
from ..services import prompt
from ..services.endpoint import Endpoint
from ..services.store import StoreError, Stores
from ..services.tree import Tree, branch
from .answer_runner import AnswerRunner
from .asking import Asking
from .attachment_loader import AttachmentLoader
from .comparison import Comparison
from .context_estimator import ContextEstimator, WouldSend
from .conversation_settings import ConversationSettings
from .deletion import MessageDeletion
from .drafts import Drafts, OpenDraft
from .open_conversation import OpenConversation
from .open_messages import OpenMessages
from .store_controller import StoreController
from .temporary import TemporaryChats

translate = QCoreApplication.translate


class ChatController(StoreController):
    """`messages` has a MessageRow for each message on screen; `open_messages` has their versions.

    `answers` runs the answers, also those of conversations that are not shown; `drafts` has what is
    not sent yet, with the files that `attach` reads; `settings` and `deletion` change the
    conversation; `comparison` has two answers side by side. `estimator` reports what `estimate`
    asks for.
    `opened(conversation)` is emitted when another conversation is shown, `saved(conversation)` when
    lists have to show one anew, `busy_changed(busy)` when an answer starts or ends in the
    conversation on screen, and `finished(message)` when one ends in any.
    """

    opened = Signal(object)
    changed = Signal(object)
    saved = Signal(object)
    busy_changed = Signal(bool)
    finished = Signal(object)

    def __init__(
        self,
        stores: Stores,
        endpoint: Endpoint,
        models: ListModel[ModelEntry],
        *,
        answers: AnswerRunner,
        attachments: AttachmentLoader,
        last_model: Callable[[], str | None],
        claim: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        """`claim(id)`: no other window has it open from now on; False if that cannot be."""
        super().__init__(parent)
        self._stores = stores
        self._claim = claim
        self.answers = answers
        self.attachments = attachments
        self.estimator = ContextEstimator(endpoint, self)
        self._models = models
        self._last_model = last_model
        self._open = OpenConversation(stores, claim, self)
        self.open_messages = OpenMessages(self._open, self.answers, self)
        self.messages = self.open_messages.rows
        self.comparison = Comparison(self.open_messages, answers, models, self)
        self._asking = Asking(
            self._open, self.open_messages, answers, self.comparison, models, self
        )
        self._asking.begun.connect(lambda: self.busy_changed.emit(True))
        self.settings = ConversationSettings(self._open, self.new, self)
        self._open.changed.connect(self.changed)
        self._open.saved.connect(self.saved)
        self.drafts = Drafts(stores, self._open, self.open_messages, self.attachments, self)
        self.drafts.conversation_wanted.connect(self.open)
        self.deletion = MessageDeletion(stores, self._open, self.open_messages, self.drafts, self)
        self.deletion.restored.connect(self.open)
        self.temporary = TemporaryChats(stores, self.answers, self.drafts, self)
        self.temporary.wanted.connect(self.open)
        for part in (self._open, self.drafts, self.settings, self.deletion, self.temporary):
            part.notice.connect(self.notice)
        for saving in (self._open, self.drafts, self.deletion, self.answers):
            saving.settled.connect(self.settled)
        self.answers.save_failed.connect(lambda reason: self._notify_error(reason, "save"))
        self.answers.ended.connect(self._on_answer_ended)

    @property
    def conversation(self) -> Conversation | None:
        """The one on screen."""
        return self._open.value

    @property
    def is_temporary(self) -> bool:
        """Whether the one on screen is kept in memory alone."""
        return self._open.is_temporary

    @property
    def has_messages(self) -> bool:
        return self._open.leaf_id is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether something is being written in it, or has been and was not sent."""
        draft = self.drafts.current
        is_draft = draft is not None and bool(draft.text.strip() or draft.files)
        return self.is_busy or is_draft or bool(self.drafts.edits)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is running in the conversation on screen."""
        return self.open_messages.is_busy

    @property
    def model_id(self) -> str:
        """The model that answers in the conversation on screen."""
        chosen = self.conversation.model if self.conversation else None
        for wanted in (chosen, self._last_model()):
            if wanted and self._models.find(wanted) is not None:
                return wanted
        entries = [entry for entry in self._models.values() if entry.is_chat]
        entries.sort(key=lambda entry: entry.state != "loaded")
        return entries[0].id if entries else chosen or "demo"

    @property
    def last_answer(self) -> Message | None:
        """The last answer on screen."""
        rows = reversed(self.messages.values())
        return next((row.message for row in rows if row.message.role == "assistant"), None)

    @property
    def path(self) -> list[Message]:
        """The messages on screen."""
        return self.open_messages.path

    @property
    def _tree(self) -> Tree:
        return self.open_messages.tree

    @property
    def sent_path(self) -> list[Message]:
        """Those of them that are sent to the model."""
        return prompt.sent(self.path, self._open.settings)

    def thinking_mode(self, text: str) -> ThinkingMode:
        """How the model would answer a question with this text."""
        return prompt.thinking_mode(text, self._open.settings, self._models.find(self.model_id))

    # Opening

    def open(self, conversation_id: str | None) -> None:
        """Show a conversation, or none."""
        if conversation_id is not None and not self._claim(conversation_id):
            return
        self.save()
        try:
            transcript = self._open.read(conversation_id) if conversation_id else None
        except StoreError as error:
            self._notify_error(str(error))
            return
        left = self.conversation if self.is_temporary and self._open.is_saved else None
        self.temporary.come_back(conversation_id)
        self.estimator.forget()
        self._open.open(transcript.conversation if transcript else None)
        self.comparison.end()
        self.open_messages.open(transcript.messages if transcript else ())
        if conversation_id is not None:
            self.comparison.resume(self.answers.messages(conversation_id))
        self.drafts.open()
        self.opened.emit(self.conversation)
        self.busy_changed.emit(self.is_busy)
        if left is not None and left.id != conversation_id:
            self.temporary.leave(left.id)

    def new(self, folder_id: str | None = None) -> None:
        """Show an empty conversation, which is saved once there is something in it."""
        self._begin(folder_id)

    def new_temporary(self) -> None:
        """Show an empty conversation that is never saved."""
        self._begin(is_temporary=True)

    def keep(self) -> None:
        """Save the temporary conversation on screen: it is one like any other from now on."""
        conversation = self.conversation
        if conversation is None or not self.is_temporary:
            return
        self.save()
        self.answers.save(conversation.id)
        if self._try(lambda: self._stores.keep(conversation.id)):
            if self._open.is_saved:
                self._open.tell_lists(conversation)
            self.opened.emit(conversation)

    def close(self, conversation_id: str) -> None:
        """Stop the answer in a conversation that was deleted, and show another."""
        self.answers.stop(conversation_id)
        if self.conversation is not None and self.conversation.id == conversation_id:
            self.new()

    # Questions and answers

    def send_draft(self) -> bool:
        """Send what is written; False if that cannot be, and then it stays."""
        draft = self.drafts.current
        if draft is None or not self._is_read(draft):
            return False
        sent = self.send(draft.text, draft.attachments, draft="")
        if sent:
            self.drafts.end(draft.id)
        return sent

    def send_edit(self, message_id: str) -> bool:
        """End an edit with a new version; False if that cannot be, and then it stays."""
        draft = self.drafts.edits.get(message_id)
        if draft is None or not self._is_read(draft):
            return False
        if self.is_busy:
            text = translate("chat", "Not sent yet: an answer is being generated. Stop it first.")
            self.notice.emit(Notice(text=text))
            return False
        message = self._tree[message_id]
        is_same = message.role != "user" and draft.text == message.content
        sent = is_same or self.edit(message_id, draft.text, draft.attachments)
        if sent:
            self.drafts.end(message_id)
        return sent

    def send(
        self, text: str, attachments: Sequence[Attachment] = (), *, draft: str | None = None
    ) -> bool:
        """False if there is nothing to send or it cannot be saved.

        `draft` replaces the conversation's draft at the same moment.
        """
        if not (text.strip() or attachments) or self.is_busy:
            return False
        if self.conversation is None:
            self.new()
        return self._asking.ask(
            self._open.leaf_id, text, tuple(attachments), self.model_id, draft=draft
        )

    def edit(
        self, message_id: str, text: str, attachments: Sequence[Attachment] | None = None
    ) -> bool:
        """Add a version of a question, which is answered anew, or of an answer.

        Without `attachments`, a question keeps its own.
        """
        if self.is_busy or message_id not in self._tree:
            return False
        message = self._tree[message_id]
        if message.role == "user":
            kept = message.attachments if attachments is None else tuple(attachments)
            if not (text.strip() or kept):
                return False
            return self._asking.ask(
                message.parent_id, text, kept, self.model_id, finish_reason=EDITED
            )
        edited = self.open_messages.make("assistant", message.parent_id, text, model=message.model)
        edited = replace(edited, finish_reason=EDITED)
        if not self._try(lambda: self._stores.of(edited.conversation_id).save_message(edited)):
            return False
        self._tree.put(edited)
        self.open_messages.go_to(edited.id)
        return True

    def regenerate(self, message_id: str, model: str | None = None) -> None:
        """Add another version of an answer, or another answer to a question.

        `model` answers this once instead of the conversation's.
        """
        if self.is_busy or message_id not in self._tree:
            return
        self.comparison.end()
        message = self._tree[message_id]
        question_id = message.id if message.role == "user" else message.parent_id
        self._asking.answer(question_id, model or self.model_id)

    def continue_answer(self, message_id: str) -> None:
        """Go on with an answer that ended too early."""
        if self.is_busy or message_id not in self._tree:
            return
        message = self._tree[message_id]
        if message.content and not message.tool_calls:
            self._asking.go_on(message, message.model or self.model_id)
        else:
            self._asking.answer(self.open_messages.answered_next(message), self.model_id)

    def stop(self) -> None:
        """Stop the answer in the conversation on screen."""
        if self.conversation is not None:
            self.answers.stop(self.conversation.id)

    def save(self) -> None:
        """Save now what waited for a pause in the changes."""
        self.drafts.save()
        self._open.save()

    def branch(self, message_id: str) -> None:
        """Copy everything up to this message into a new conversation, and show it."""
        if self.conversation is None or message_id not in self._tree:
            return
        copy = branch(self.conversation, self._tree.path(message_id), time.time())
        if self.is_temporary:
            self._stores.make_temporary(copy.conversation.id)
        if self._try(lambda: self._stores.of(copy.conversation.id).add([copy])):
            self._open.tell_lists(copy.conversation)
            self.open(copy.conversation.id)

    # What is written, and what is changed elsewhere

    def begin_from_summary(self, question: str, transcript: Attachment) -> bool:
        """Ask for a summary in a new conversation; what follows is sent with the summary alone."""
        before = self.conversation
        if before is None:
            return False
        self._begin(before.folder_id, is_temporary=self.is_temporary)
        self._open.change_later(title=before.title, model=before.model, settings=before.settings)
        self.settings.set_first_sent(None)
        if not self.send(question, [transcript]):
            return False
        self.settings.set_first_sent(self._open.leaf_id)
        return True

    def refresh(self, now: Conversation) -> None:
        """Take over a title, pin or folder that was changed elsewhere; the rest stays."""
        if self.conversation is not None and self.conversation.id == now.id:
            self._open.change_later(title=now.title, pinned=now.pinned, folder_id=now.folder_id)

    def attach(self, paths: Sequence[Path], message_id: str | None = None) -> None:
        """Read files in the background, for the next message or for the edit of a message."""
        if self.conversation is None:
            self.new()
        self.drafts.attach(paths, self.model_id, message_id)

    def estimate(
        self, text: str, attachments: Sequence[Attachment] = (), message_id: str | None = None
    ) -> None:
        """Ask what would be sent with this question; `estimator` reports it.

        If it is the new text of a message, only what is before that one is sent with it.
        """
        question = partial(self._would_send, text, tuple(attachments), message_id)
        self.estimator.estimate(question)

    # Implementation

    def _begin(self, folder_id: str | None = None, *, is_temporary: bool = False) -> None:
        self.open(None)
        self._open.begin(folder_id, is_temporary=is_temporary)
        self.drafts.open()
        self.opened.emit(self.conversation)

    def _is_read(self, draft: OpenDraft) -> bool:
        """Whether all files of a draft were read; if not, a notice says so."""
        if draft.reading:
            text = translate("chat", "Not sent yet: {names} is still being read. Send it again.")
            self.notice.emit(Notice(text=text.format(names=", ".join(draft.reading))))
        return not draft.reading

    def _would_send(
        self, text: str, attachments: tuple[Attachment, ...], message_id: str | None
    ) -> WouldSend:
        leaf_id = self._open.leaf_id
        if message_id is not None and message_id in self._tree:
            leaf_id = self._tree[message_id].parent_id
        path = self._tree.path(leaf_id)
        draft = prompt.user_content(text, attachments) if text.strip() or attachments else ""
        if draft:
            path.append(self.open_messages.make("user", None, text, attachments=attachments))
        settings = self._open.settings
        messages = prompt.messages(path, settings)
        servers = () if self.comparison.other is not None else settings.servers
        return WouldSend(self.model_id, messages, settings.thinking, servers, draft)

    def _on_answer_ended(self, message: Message) -> None:
        self.finished.emit(message)
        if self.conversation is not None and self.conversation.id == message.conversation_id:
            self.busy_changed.emit(self.is_busy)
