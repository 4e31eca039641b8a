"""The conversation that is open: what is said in it, and the answers that are written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ..domain import (
    Attachment,
    ChatSettings,
    Conversation,
    Message,
    MessageRow,
    ModelEntry,
    Notice,
    Role,
    ThinkingMode,
    Transcript,
)
from ..models import ListModel
from ..services import prompt
from ..services.endpoint import Endpoint
from ..services.store import Store, StoreError
from ..services.tree import Tree, branch
from .answers import Answers
from .attaching import Attaching
from .estimate import Estimate

translate = QCoreApplication.translate

# Milliseconds after which a draft, or what was set, is saved.
SAVE_AFTER = 500


class ChatController(QObject):
    """`messages` is the path that is shown, a MessageRow each.

    Answers of conversations that are not shown go on being written. `saved(conversation)` is said
    of every conversation whose line in a list has changed, `writing_changed(ids)` when answers
    are written in others than before, `server_wanted()` when one waits for the server.
    """

    opened = Signal(object)
    changed = Signal(object)
    saved = Signal(object)
    busy_changed = Signal(bool)
    load_progress = Signal(str, float)
    prefill_changed = Signal(int, int)
    context_changed = Signal(object, object)
    attachment_added = Signal(object, int)
    attachment_refused = Signal(str)
    writing_changed = Signal(object)
    server_wanted = Signal()
    finished = Signal(object)
    notice = Signal(object)

    def __init__(
        self,
        store: Store,
        endpoint: Endpoint,
        models: ListModel[ModelEntry],
        *,
        last_model: Callable[[], str | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.messages = ListModel[MessageRow](
            lambda row: row.message.id, lambda row: row.message.content, self
        )
        self.conversation: Conversation | None = None
        self._store = store
        self._endpoint = endpoint
        self._models = models
        self._last_model = last_model
        self._tree = Tree()
        self._is_new = False
        answers = self._answers = Answers(store, endpoint, models, self)
        answers.load_progress.connect(self.load_progress)
        answers.prefill.connect(self.prefill_changed)
        answers.changed.connect(self.writing_changed)
        answers.server_wanted.connect(self.server_wanted)
        answers.updated.connect(self._show_growth)
        answers.save_failed.connect(self._say)
        answers.ended.connect(self._ended)
        self._estimate = Estimate(endpoint, self)
        self._estimate.estimated.connect(self.context_changed)
        self._attaching = Attaching(endpoint, self)
        self._attaching.added.connect(self.attachment_added)
        self._attaching.refused.connect(self.attachment_refused)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(SAVE_AFTER)
        self._save_timer.timeout.connect(self._save)

    @property
    def is_busy(self) -> bool:
        """An answer is written in the conversation that is shown."""
        return self.conversation is not None and self.conversation.id in self._answers

    @property
    def model_id(self) -> str:
        """The one that answers here."""
        chosen = self.conversation.model if self.conversation else None
        for wanted in (chosen, self._last_model()):
            if wanted and self._models.find(wanted) is not None:
                return wanted
        entries = [entry for entry in self._models.values() if entry.is_chat]
        entries.sort(key=lambda entry: entry.state != "loaded")
        return entries[0].id if entries else chosen or "demo"

    def thinking_mode(self, text: str) -> ThinkingMode:
        """Of a question with this text."""
        settings = self.conversation.settings if self.conversation else ChatSettings()
        return prompt.thinking_mode(text, settings, self._models.find(self.model_id))

    def set_server_ready(self, ready: bool, reason: str | None = None) -> None:
        """Questions asked before it was ready are answered then; `reason`: it will not be."""
        self._answers.set_server_ready(ready, reason)

    # Which conversation

    def open(self, conversation_id: str | None) -> None:
        """Show it; None shows none."""
        self._save()
        try:
            transcript = self._store.transcript(conversation_id) if conversation_id else None
        except StoreError as error:
            self._say(str(error))
            return
        if (news := self._store.aside.news()) is not None:
            self.notice.emit(Notice(text=news, kind="warning"))
        self._is_new = False
        self.conversation = transcript.conversation if transcript else None
        self._tree = Tree(transcript.messages if transcript else ())
        if self.is_busy and self.conversation is not None:
            self._tree.put(self._answers.message(self.conversation.id))
        self._show(reset=True)
        self.opened.emit(self.conversation)
        self.busy_changed.emit(self.is_busy)

    def new(self, folder_id: str | None = None) -> None:
        """Show an empty one, which is saved when there is something in it."""
        self.open(None)
        now = time.time()
        self.conversation = Conversation(folder_id=folder_id, created_at=now, updated_at=now)
        self._is_new = True
        self.opened.emit(self.conversation)

    # What is said

    def send(self, text: str, attachments: Sequence[Attachment] = ()) -> bool:
        """False where it could not be saved, or there is nothing to send: the draft stays."""
        if not (text.strip() or attachments) or self.is_busy:
            return False
        if self.conversation is None:
            self.new()
        return self._ask(self._leaf_id(), text, tuple(attachments))

    def edit(self, message_id: str, text: str) -> bool:
        """Another version: of a question, which is answered anew; of an answer, as it stands."""
        if self.is_busy or message_id not in self._tree:
            return False
        message = self._tree[message_id]
        if message.role == "user":
            return self._ask(message.parent_id, text, message.attachments)
        edited = self._message("assistant", message.parent_id, text, model=message.model)
        return self._keep(edited) and self._go_to(edited.id)

    def regenerate(self, message_id: str) -> None:
        """Another version of an answer; of a question, another answer to it."""
        if self.is_busy or message_id not in self._tree:
            return
        message = self._tree[message_id]
        self._answer(message.id if message.role == "user" else message.parent_id)

    def continue_answer(self, message_id: str) -> None:
        """Go on behind an answer that ended too early."""
        if self.is_busy or message_id not in self._tree:
            return
        message = self._tree[message_id]
        if message.content:
            self._generate(message, continues=True)
        else:
            self._answer(message.parent_id)

    def stop(self) -> None:
        if self.conversation is not None:
            self._answers.stop(self.conversation.id)

    def close(self, conversation_id: str) -> None:
        """It was deleted: nothing more is written in it, or shown of it."""
        self._answers.stop(conversation_id)
        if self.conversation is not None and self.conversation.id == conversation_id:
            self.new()

    def stop_all(self) -> None:
        """For the end of the program."""
        self._save()
        self._answers.stop_all()

    def step_version(self, message_id: str, step: int) -> None:
        """Show the version before or after it, and what followed that."""
        if message_id in self._tree and not self.is_busy:
            versions = self._tree.versions(message_id)
            place = versions.index(message_id) + step
            if 0 <= place < len(versions):
                self._go_to(self._tree.leaf_below(versions[place]))

    def branch(self, message_id: str) -> None:
        """A conversation of its own with all up to this message, which is shown then."""
        if self.conversation is None or message_id not in self._tree:
            return
        copy = branch(self.conversation, self._tree.path(message_id), time.time())
        if self._saving(lambda: self._store.add([copy])):
            self.saved.emit(copy.conversation)
            self.open(copy.conversation.id)

    def delete(self, message_id: str) -> None:
        """The message and all that followed it."""
        if self.conversation is None or self.is_busy or message_id not in self._tree:
            return
        parent_id = self._tree[message_id].parent_id
        removed = self._tree.remove(message_id)
        if self._saving(lambda: self._store.delete_messages(removed)):
            leaf = parent_id if parent_id is not None else self._tree.last_leaf()
            self._go_to(self._tree.leaf_below(leaf) if leaf else None)

    # What is set

    def set_model(self, model_id: str) -> None:
        self._change(model=model_id)

    def set_settings(self, settings: ChatSettings) -> None:
        """Of the conversation that is shown; a new one is begun for them. Saved a moment later."""
        if self.conversation is None:
            self.new()
        self._change_later(settings=settings)

    def set_title(self, title: str) -> None:
        self._change(title=title)

    def refresh(self, now: Conversation) -> None:
        """It was changed elsewhere: renamed, pinned, moved. What is set and written here stays."""
        if self.conversation is not None and self.conversation.id == now.id:
            self._change_later(title=now.title, pinned=now.pinned, folder_id=now.folder_id)

    def set_draft(self, text: str) -> None:
        """Kept with the conversation, saved a moment later."""
        if self.conversation is not None and text != self.conversation.draft:
            self.conversation = replace(self.conversation, draft=text)
            self._save_timer.start()

    def attach(self, paths: Sequence[Path]) -> None:
        """Read them, elsewhere; each is added or refused with its reason."""
        self._attaching.read(paths, self.model_id)

    def estimate(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """What the conversation would cost with this at its end."""
        path = self._tree.path(self._leaf_id())
        if text.strip() or attachments:
            path.append(self._message("user", None, text, attachments=tuple(attachments)))
        settings = self.conversation.settings if self.conversation else ChatSettings()
        self._estimate.ask(self.model_id, prompt.messages(path, settings), settings.thinking)

    # How

    def _ask(self, parent_id: str | None, text: str, attachments: tuple[Attachment, ...]) -> bool:
        assert self.conversation is not None
        question = self._message("user", parent_id, text, attachments=attachments)
        title = self.conversation.title or prompt.first_words(text) or attachments[0].name
        asked = replace(
            self.conversation,
            title=title,
            draft="",
            model=self.model_id,
            updated_at=time.time(),
            leaf_id=question.id,
        )
        transcript = Transcript(conversation=asked, messages=(question,))
        if not self._saving(lambda: self._store.add([transcript])):
            return False
        self._is_new = False
        self._tree.put(question)
        self._set(asked)
        self._answer(question.id)
        return True

    def _answer(self, parent_id: str | None) -> None:
        answer = self._message("assistant", parent_id, "", model=self.model_id)
        self._generate(answer)

    def _generate(self, answer: Message, *, continues: bool = False) -> None:
        conversation = self.conversation
        assert conversation is not None
        path = self._tree.path(answer.id if continues else answer.parent_id)
        model = answer.model or self.model_id
        body = prompt.body(path, conversation.settings, model, continues=continues)
        generation = self._answers.begin(answer)
        self._tree.put(generation.message)
        self._change(leaf_id=answer.id, updated_at=time.time())
        self._show()
        self.busy_changed.emit(True)
        self._answers.start(generation, body)

    def _show_growth(self, message: Message) -> None:
        if self.conversation is not None and message.conversation_id == self.conversation.id:
            self._tree.put(message)
            row = self.messages.row_of(message.id)
            if row >= 0:
                self.messages.put(replace(self.messages.value(row), message=message))

    def _ended(self, message: Message) -> None:
        self.finished.emit(message)
        if self.conversation is not None and self.conversation.id == message.conversation_id:
            self.busy_changed.emit(False)

    def _message(
        self,
        role: Role,
        parent_id: str | None,
        content: str,
        *,
        attachments: tuple[Attachment, ...] = (),
        model: str | None = None,
    ) -> Message:
        return Message(
            conversation_id=self.conversation.id if self.conversation else "",
            parent_id=parent_id,
            role=role,
            content=content,
            attachments=attachments,
            model=model,
            created_at=time.time(),
        )

    def _keep(self, message: Message) -> bool:
        if not self._saving(lambda: self._store.save_message(message)):
            return False
        self._tree.put(message)
        return True

    def _go_to(self, leaf_id: str | None) -> bool:
        self._change(leaf_id=leaf_id)
        self._show()
        return True

    def _leaf_id(self) -> str | None:
        return self.conversation.leaf_id if self.conversation else None

    def _show(self, *, reset: bool = False) -> None:
        rows = self._tree.rows(self._leaf_id())
        if reset:
            self.messages.reset(rows)
        else:
            self.messages.set_values(rows)

    def _change(self, **fields: Any) -> None:
        if self.conversation is not None:
            self._set(replace(self.conversation, **fields))
            if not self._is_new:
                conversation = self.conversation
                self._saving(lambda: self._store.save_conversation(conversation))

    def _change_later(self, **fields: Any) -> None:
        """Saved when nothing else has changed for a moment."""
        if self.conversation is not None:
            self.conversation = replace(self.conversation, **fields)
            self._save_timer.start()
            self.changed.emit(self.conversation)

    def _set(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.changed.emit(conversation)
        if not self._is_new:
            self.saved.emit(conversation)

    def _save(self) -> None:
        """A new one when there is something in it."""
        self._save_timer.stop()
        conversation = self.conversation
        if conversation is None or (self._is_new and not conversation.is_begun):
            return
        if self._saving(lambda: self._store.save_conversation(conversation)):
            self._is_new = False
            self.saved.emit(conversation)

    def _saving(self, save: Callable[[], None]) -> bool:
        try:
            save()
        except StoreError as error:
            self._say(str(error))
            return False
        return True

    def _say(self, text: str) -> None:
        self.notice.emit(Notice(text=text, kind="error"))
