"""Deletes messages of the open conversation, which can be undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice, Undo
from ..services.store import StoreError, Stores
from .drafts import Drafts
from .open_conversation import OpenConversation
from .open_messages import OpenMessages
from .store_controller import StoreController

translate = QCoreApplication.translate


class MessageDeletion(StoreController):
    """`restored(conversation id)`: messages of it are back, and it is to be shown."""

    restored = Signal(str)

    def __init__(
        self,
        stores: Stores,
        conversation: OpenConversation,
        messages: OpenMessages,
        drafts: Drafts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stores = stores
        self._open = conversation
        self._messages = messages
        self._drafts = drafts

    def delete(self, message_id: str) -> None:
        """Delete the message and everything that followed it."""
        tree, conversation = self._messages.tree, self._open.value
        if conversation is None or self._messages.is_busy or message_id not in tree:
            return
        self._drafts.save()
        parent_id, leaf_before = tree[message_id].parent_id, self._open.leaf_id
        removed = tree.below(message_id)
        try:
            rows = self._stores.of(conversation.id).delete_messages(removed)
        except StoreError as error:
            self._notify_error(str(error))
            return
        tree.remove(message_id)
        if self._drafts.edits.keys() & set(removed):
            self._drafts.open()
        leaf = parent_id if parent_id is not None else tree.last_leaf()
        self._messages.go_to(tree.leaf_below(leaf) if leaf else None)
        restore = partial(self._restore, conversation.id, leaf_before, rows)
        undo = Undo("delete_message", restore, conversation.id)
        self.notice.emit(Notice(text=_deleted(len(removed)), action=undo))

    def _restore(
        self, conversation_id: str, leaf_id: str | None, rows: Sequence[sqlite3.Row]
    ) -> bool:
        if not self._try(lambda: self._stores.of(conversation_id).restore_messages(rows)):
            return False
        self._open.amend(conversation_id, leaf_id=leaf_id)
        self.restored.emit(conversation_id)
        return True


def _deleted(count: int) -> str:
    if count == 1:
        return translate("chat", "1 message was deleted.")
    return translate("chat", "{count} messages were deleted.").format(count=count)
