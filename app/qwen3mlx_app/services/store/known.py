"""Conversations that are in the store already, for those who would add them again."""

from __future__ import annotations

from collections import Counter, defaultdict

from ...domain import Message, Transcript
from .store import Store


class Known:
    """Finds a conversation by when it began and what is said in it. Raises StoreError.

    One that went on here is still found, one that went on elsewhere is not: it has more to say.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun: defaultdict[float, list[str]] = defaultdict(list)
        for conversation_id, created_at in store.beginnings():
            self._begun[created_at].append(conversation_id)

    def find(self, transcript: Transcript) -> str | None:
        """Return the id of the conversation here that has all of these messages."""
        wanted = _said(transcript.messages)
        for conversation_id in self._begun.get(transcript.conversation.created_at, ()):
            if wanted <= _said(self._store.messages(conversation_id)):
                return conversation_id
        return None

    def add(self, transcript: Transcript) -> None:
        """Find this one, too, from now on; it is in the store."""
        conversation = transcript.conversation
        self._begun[conversation.created_at].append(conversation.id)


def _said(messages: list[Message] | tuple[Message, ...]) -> Counter[tuple[str, str, str]]:
    return Counter((message.role, message.content, message.reasoning) for message in messages)
