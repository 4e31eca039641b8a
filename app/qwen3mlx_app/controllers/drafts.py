"""What is written in each conversation and not sent yet, with the files that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Attachment, Draft, Notice, Undo, new_id
from ..services.store import StoreError, Stores
from ..services.timers import single_shot
from .attachment_loader import UNKNOWN, AttachmentLoader
from .open_conversation import SAVE_AFTER, OpenConversation
from .open_messages import OpenMessages
from .store_controller import AGAIN, StoreController

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFile:
    """A file of a draft; `attachment` is None while it is read. For `tokens`, see the loader."""

    id: str
    name: str
    attachment: Attachment | None = None
    tokens: int = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft:
    """A draft with the files that are still being read; `edited` is the message's id, or None."""

    id: str
    conversation_id: str
    text: str = ""
    files: tuple[DraftFile, ...] = ()

    @property
    def edited(self) -> str | None:
        return self.id if self.id != self.conversation_id else None

    def has(self, file_id: str) -> bool:
        return any(file.id == file_id for file in self.files)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Those that were read."""
        return tuple(file.attachment for file in self.files if file.attachment is not None)

    @property
    def reading(self) -> list[str]:
        """The names of the files that are still being read."""
        return [file.name for file in self.files if file.attachment is None]


class Drafts(StoreController):
    """`current` is the next message's draft on screen, or None where no conversation is open.

    `edits` are the unfinished edits of messages of that conversation, by the message's id.
    A file goes to the draft it was given for, also if another is on screen when it has been read.
    `shown(draft)`: another `current`. `files_changed(draft)`: it has other files. `edits_changed`:
    an edit was begun, has other files or is over. `edit_wanted(message id)`: it is to be shown.
    `conversation_wanted(id)`: that one is to be opened, for an edit in it. `refused(sentence)`: a
    file was, and why.
    """

    shown = Signal(object)
    files_changed = Signal(object)
    edits_changed = Signal()
    edit_wanted = Signal(str)
    conversation_wanted = Signal(str)
    refused = Signal(str)

    def __init__(
        self,
        stores: Stores,
        conversation: OpenConversation,
        messages: OpenMessages,
        loader: AttachmentLoader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stores = stores
        self._open = conversation
        self._messages = messages
        self._loader = loader
        self.current: OpenDraft | None = None
        self.edits: dict[str, OpenDraft] = {}
        # Drafts with files being read, which are nowhere else, by id.
        self._waiting: dict[str, OpenDraft] = {}
        self._unsaved: set[str] = set()  # edits
        self._refused: dict[str, OpenDraft] = {}  # what the store could not take, by id
        self._autosave = single_shot(self, SAVE_AFTER, self.save)
        self._again = single_shot(self, AGAIN, self.save)
        loader.added.connect(self._on_added)
        loader.refused.connect(self._on_refused)

    def open(self) -> None:
        """Show the drafts of the open conversation."""
        conversation = self._open.value
        drafts = self._stored(conversation.id) if conversation is not None else []
        self.edits = {draft.id: draft for draft in drafts if draft.id in self._messages.tree}
        self._show(self._next(drafts) if conversation is not None else None)
        self.edits_changed.emit()

    def set_text(self, text: str) -> None:
        """Change the text of the next message; it is saved after a pause."""
        if self.current is not None and text != self.current.text:
            self._take(replace(self.current, text=text))
            self._open.set_draft(text)

    def set_edit(self, message_id: str, text: str) -> None:
        """Change the text of an edit; it is saved after a pause."""
        draft = self.edits.get(message_id)
        if draft is not None and text != draft.text:
            self._take(replace(draft, text=text))
            self._save_later(message_id)

    def edit_of(self, message_id: str) -> OpenDraft | None:
        """The unfinished edit of a message."""
        return self.edits.get(message_id)

    def edit(self, message_id: str) -> None:
        """Let a message be edited; an unfinished edit of it goes on."""
        if message_id in self._messages.tree:
            message = self._messages.tree[message_id]
            begun = OpenDraft(
                id=message.id,
                conversation_id=message.conversation_id,
                text=message.content,
                files=tuple(map(_file, message.attachments)),
            )
            self._begin(self.edits.get(message_id, begun))

    def cancel_edit(self, message_id: str) -> None:
        """Leave a message as it was; what was changed can be brought back."""
        draft = self.edits.get(message_id)
        if draft is None:
            return
        self.end(message_id)
        message = self._messages.tree[message_id]
        if draft.text != message.content or draft.attachments != message.attachments:
            undo = Undo("cancel_edit", partial(self._edit_again, draft), draft.conversation_id)
            text = translate("chat", "The edit was canceled.")
            self.notice.emit(Notice(text=text, action=undo))

    def end(self, draft_id: str) -> None:
        """The next message was sent, or an edit is over."""
        shown = self._open.value
        if shown is None:
            return
        self._waiting.pop(draft_id, None)
        self._refused.pop(draft_id, None)
        self._unsaved.discard(draft_id)
        self._try(lambda: self._stores.of(shown.id).delete_draft(draft_id))
        if self.edits.pop(draft_id, None) is not None:
            self.edits_changed.emit()
        else:
            self._open.set_draft("")
            self._show(OpenDraft(id=draft_id, conversation_id=draft_id))

    def attach(self, paths: Sequence[Path], model_id: str, message_id: str | None = None) -> None:
        """Read files for the next message, or for the edit of a message."""
        draft = self.edits.get(message_id) if message_id is not None else self.current
        if draft is None:
            return
        files = [DraftFile(id=new_id(), name=path.name) for path in paths]
        self._change_files(replace(draft, files=(*draft.files, *files)))
        loaded = {file.id: path for file, path in zip(files, paths, strict=True)}
        self._loader.load(loaded, model_id)

    def remove(self, file_id: str) -> None:
        """Take a file off the draft on screen that has it, or stop waiting for it."""
        for draft in (self.current, *self.edits.values()):
            if draft is not None and draft.has(file_id):
                self._without(draft, file_id)
                return

    @property
    def is_reading(self) -> bool:
        return bool(self._waiting)

    def waits_for(self, conversation_id: str) -> bool:
        """Whether files of a conversation's drafts are being read."""
        return any(one.conversation_id == conversation_id for one in self._waiting.values())

    def forget(self, conversation_id: str) -> None:
        """Wait no more for files, or for room, of a conversation that is gone."""
        for waiting in (self._waiting, self._refused):
            for draft in list(waiting.values()):
                if draft.conversation_id == conversation_id:
                    del waiting[draft.id]

    def save(self) -> None:
        """Save now what was waiting for a pause, or for room on the disk."""
        self._autosave.stop()
        changed = {known: self.edits[known] for known in self._unsaved & self.edits.keys()}
        self._unsaved.clear()
        for draft in {**self._refused, **changed}.values():
            self._save(draft)

    def _begin(self, draft: OpenDraft) -> None:
        self._messages.reveal(draft.id)
        self.edits[draft.id] = draft
        self._save_later(draft.id)
        self.edits_changed.emit()
        self.edit_wanted.emit(draft.id)

    def _edit_again(self, draft: OpenDraft) -> bool:
        if self._open.value is None or self._open.value.id != draft.conversation_id:
            self.conversation_wanted.emit(draft.conversation_id)
        if draft.id not in self._messages.tree:
            return False
        self._begin(draft)
        return True

    def _save_later(self, message_id: str) -> None:
        self._unsaved.add(message_id)
        self._autosave.start()

    def _take(self, draft: OpenDraft) -> None:
        """Take over what a draft is now, wherever it is."""
        if self.current is not None and self.current.id == draft.id:
            self.current = draft
        elif draft.id in self.edits:
            self.edits[draft.id] = draft
        for waiting in (self._waiting, self._refused):
            if draft.id in waiting:
                waiting[draft.id] = draft

    def _next(self, drafts: Sequence[OpenDraft]) -> OpenDraft:
        """The draft of the next message in the open conversation."""
        conversation = self._open.value
        assert conversation is not None
        known = next((one for one in drafts if one.id == conversation.id), None)
        draft = known or OpenDraft(id=conversation.id, conversation_id=conversation.id)
        return replace(draft, text=conversation.draft)

    def _stored(self, conversation_id: str) -> list[OpenDraft]:
        """The drafts of a conversation as they are now, also those that are not saved yet."""
        try:
            stored = self._stores.of(conversation_id).drafts(conversation_id)
        except StoreError as error:
            self._notify_error(str(error))
            stored = []
        known = {draft.id: _opened(draft) for draft in stored}
        newer = {**self._refused, **self._waiting}.values()
        known |= {one.id: one for one in newer if one.conversation_id == conversation_id}
        return list(known.values())

    def _show(self, draft: OpenDraft | None) -> None:
        self.current = draft
        self._open.has_files = draft is not None and bool(draft.files)
        self.shown.emit(draft)

    def _on_added(self, file_id: str, attachment: Attachment, tokens: int) -> None:
        draft = self._draft_with(file_id)
        if draft is not None:
            read = DraftFile(id=file_id, name=attachment.name, attachment=attachment, tokens=tokens)
            files = tuple(read if file.id == file_id else file for file in draft.files)
            self._change_files(replace(draft, files=files))

    def _on_refused(self, file_id: str, sentence: str) -> None:
        draft = self._draft_with(file_id)
        if draft is not None:
            self._without(draft, file_id)
            self.refused.emit(sentence)

    def _draft_with(self, file_id: str) -> OpenDraft | None:
        """The draft that waits for a file; None if it was sent, or the file taken off."""
        return next((draft for draft in self._waiting.values() if draft.has(file_id)), None)

    def _without(self, draft: OpenDraft, file_id: str) -> None:
        files = tuple(file for file in draft.files if file.id != file_id)
        self._change_files(replace(draft, files=files))

    def _change_files(self, draft: OpenDraft) -> None:
        """Take over the files of a draft, wherever it is, and save them."""
        is_current = self.current is not None and self.current.id == draft.id
        self._waiting.pop(draft.id, None)
        if draft.reading:
            self._waiting[draft.id] = draft
        self._take(draft)
        if is_current:
            self._open.has_files = bool(draft.files)
        self._save(draft)
        if is_current:
            self.files_changed.emit(draft)
        elif draft.id in self.edits:
            self.edits_changed.emit()

    def _save(self, draft: OpenDraft) -> None:
        if self._open.value is not None and self._open.value.id == draft.conversation_id:
            if draft.attachments and not self._open.is_saved:
                self._open.save()
            if not self._open.is_saved:
                self._note(draft, is_saved=not draft.attachments)
                return
        store, again = self._stores.of(draft.conversation_id), draft.id in self._refused
        if draft.edited is None and not draft.attachments:
            self._note(draft, self._try(lambda: store.delete_draft(draft.id), again=again))
            return
        stored = Draft(
            id=draft.id,
            conversation_id=draft.conversation_id,
            text=draft.text if draft.edited else "",
            attachments=draft.attachments,
        )
        self._note(draft, self._try(lambda: store.save_draft(stored), again=again))

    def _note(self, draft: OpenDraft, is_saved: bool) -> None:
        """Keep what is not saved, and try again."""
        self._refused.pop(draft.id, None)
        if not is_saved:
            self._refused[draft.id] = draft
            self._again.start()


def _file(attachment: Attachment) -> DraftFile:
    return DraftFile(id=new_id(), name=attachment.name, attachment=attachment)


def _opened(draft: Draft) -> OpenDraft:
    return OpenDraft(
        id=draft.id,
        conversation_id=draft.conversation_id,
        text=draft.text,
        files=tuple(map(_file, draft.attachments)),
    )
