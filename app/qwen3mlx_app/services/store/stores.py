"""Where each conversation is: on disk, or in memory alone."""

from __future__ import annotations

from .store import Store


class Stores:
    """`kept` is on disk. Temporary conversations are never written anywhere."""

    def __init__(self, kept: Store) -> None:
        self.kept = kept
        self._in_memory = Store(None)
        # Also of those that were forgotten: what comes late for one must not be kept.
        self._temporary: set[str] = set()

    def is_temporary(self, conversation_id: str) -> bool:
        return conversation_id in self._temporary

    def of(self, conversation_id: str) -> Store:
        """The store that has the conversation, or will have it when it is saved."""
        return self._in_memory if self.is_temporary(conversation_id) else self.kept

    def make_temporary(self, conversation_id: str) -> None:
        """Keep a conversation that is not saved yet in memory alone."""
        self._temporary.add(conversation_id)

    def keep(self, conversation_id: str) -> None:
        """Save a temporary conversation on disk, as any other. Raises StoreError."""
        transcript = self._in_memory.transcript(conversation_id)
        if transcript is not None:
            self.kept.add([transcript])
            for draft in self._in_memory.drafts(conversation_id):
                self.kept.save_draft(draft)
        self._temporary.discard(conversation_id)
        self._erase(conversation_id)

    def forget(self, conversation_id: str) -> None:
        """Erase a temporary conversation."""
        if self.is_temporary(conversation_id):
            self._erase(conversation_id)

    def close(self) -> None:
        self._in_memory.close()
        self.kept.close()

    def _erase(self, conversation_id: str) -> None:
        self._in_memory.delete_conversations([conversation_id])
        self._in_memory.purge()
