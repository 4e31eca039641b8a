"""The conversation on screen: its changes, its draft, and when they are saved."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..domain import ChatSettings, Conversation, Message, Notice, Transcript
from ..services.store import StoreError, Stores
from ..services.timers import single_shot
from .store_controller import AGAIN, StoreController

# Milliseconds without another change after which drafts and settings are saved.
SAVE_AFTER = 500


class OpenConversation(StoreController):
    """`value` is the conversation, or None. A new one is saved once there is something in it.

    A temporary one is never on disk, and in no list.

    `changed(conversation)` is emitted when it changes, `saved(conversation)` when lists of
    conversations have to show it anew.
    """

    changed = Signal(object)
    saved = Signal(object)

    def __init__(
        self, stores: Stores, claim: Callable[[str], bool], parent: QObject | None = None
    ) -> None:
        """`claim(id)`: no other window has it open from now on; False if that cannot be."""
        super().__init__(parent)
        self._stores = stores
        self._claim = claim
        self.value: Conversation | None = None
        self.has_files = False  # which are attached to its draft
        self._is_new = False
        self._unsaved: dict[str, Conversation] = {}  # what the store could not take, by id
        self._autosave = single_shot(self, SAVE_AFTER, self.save)
        self._again = single_shot(self, AGAIN, self.save)

    @property
    def is_saved(self) -> bool:
        """Whether the conversation is in its store, if not as it is now."""
        return not self._is_new

    @property
    def is_temporary(self) -> bool:
        return self.value is not None and self._stores.is_temporary(self.value.id)

    @property
    def settings(self) -> ChatSettings:
        return self.value.settings if self.value else ChatSettings()

    @property
    def leaf_id(self) -> str | None:
        return self.value.leaf_id if self.value else None

    def read(self, conversation_id: str) -> Transcript | None:
        """Raises StoreError; tells of rows that could not be read in full."""
        store = self._stores.of(conversation_id)
        transcript = store.transcript(conversation_id)
        if (news := store.aside.news()) is not None:
            self.notice.emit(Notice(text=news, kind="warning"))
        if transcript is not None and conversation_id in self._unsaved:
            return replace(transcript, conversation=self._unsaved[conversation_id])
        return transcript

    def open(self, conversation: Conversation | None) -> None:
        self.value = conversation
        self.has_files = False
        self._is_new = False

    def begin(self, folder_id: str | None = None, *, is_temporary: bool = False) -> None:
        """Open a new, empty conversation."""
        now = time.time()
        self.value = Conversation(folder_id=folder_id, created_at=now, updated_at=now)
        self._is_new = True
        if is_temporary:
            self._stores.make_temporary(self.value.id)

    def add(self, message: Message, **changes: Any) -> bool:
        """Save the message together with the changes; False if the store cannot."""
        assert self.value is not None
        conversation = replace(self.value, **changes)
        transcript = Transcript(conversation=conversation, messages=(message,))
        if not self._try(lambda: self._stores.of(conversation.id).add([transcript])):
            return False
        self._is_new = False
        self._set(conversation)
        return True

    def change(self, **fields: Any) -> bool:
        """Change the conversation and save it at once; False if the store cannot."""
        if self.value is None:
            return False
        conversation = replace(self.value, **fields)
        self._set(conversation)
        return self._is_new or self._write(conversation)

    def amend(self, conversation_id: str, **fields: Any) -> bool:
        """Change a conversation, whether it is open or not; False if it cannot be saved."""
        if self.value is not None and self.value.id == conversation_id:
            return self.change(**fields)
        if not self._claim(conversation_id):
            return False
        store = self._stores.of(conversation_id)
        try:
            known = store.conversation(conversation_id)
            if known is not None:
                store.save_conversation(changed := replace(known, **fields))
                self.tell_lists(changed)
        except StoreError as error:
            self._notify_error(str(error))
            return False
        return True

    def change_later(self, **fields: Any) -> None:
        """Change the conversation; it is saved after a pause in the changes."""
        if self.value is not None:
            self.value = replace(self.value, **fields)
            self._autosave.start()
            self.changed.emit(self.value)

    def set_draft(self, text: str) -> None:
        """Nobody but the composer shows the draft, so `changed` is not emitted."""
        if self.value is not None and text != self.value.draft:
            self.value = replace(self.value, draft=text)
            self._autosave.start()

    def save(self) -> None:
        """Save now what was waiting for a pause, or for room on the disk."""
        self._autosave.stop()
        wanted, conversation = dict(self._unsaved), self.value
        is_begun = conversation is not None and (conversation.is_begun or self.has_files)
        if conversation is not None and (is_begun or not self._is_new):
            wanted[conversation.id] = conversation
        for one in wanted.values():
            if self._write(one, again=one.id in self._unsaved):
                if one is conversation:
                    self._is_new = False
                self.tell_lists(one)

    def tell_lists(self, conversation: Conversation) -> None:
        """Let lists show it anew, unless it is temporary."""
        if not self._stores.is_temporary(conversation.id):
            self.saved.emit(conversation)

    def _write(self, conversation: Conversation, *, again: bool = False) -> bool:
        """Save it; later, where the store cannot now."""
        store = self._stores.of(conversation.id)
        if self._try(lambda: store.save_conversation(conversation), again=again):
            self._unsaved.pop(conversation.id, None)
            return True
        self._unsaved[conversation.id] = conversation
        self._again.start()
        return False

    def _set(self, conversation: Conversation) -> None:
        self.value = conversation
        self.changed.emit(conversation)
        if not self._is_new:
            self.tell_lists(conversation)
