"""The messages of an imported conversation, one after another."""

from __future__ import annotations

from ...domain import Message


class Writer:
    """Messages so far; the next one follows `parent_id`, and was written at `time`."""

    def __init__(self, conversation_id: str, time: float) -> None:
        self.conversation_id = conversation_id
        self.messages: list[Message] = []
        self.parent_id: str | None = None
        self.time = time

    def add(self, role: str, **fields: object) -> None:
        message = Message(
            conversation_id=self.conversation_id,
            parent_id=self.parent_id,
            role=role,  # type: ignore[arg-type]
            created_at=self.time,
            **fields,  # type: ignore[arg-type]
        )
        self.messages.append(message)
        self.parent_id = message.id
