"""A conversation as a tree of messages: paths, versions, branches. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from ..domain import Conversation, Message, MessageRow, Transcript, new_id


class Tree:
    """Messages by id, in the order in which they were added."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._messages: dict[str, Message] = {}
        self._children: defaultdict[str | None, list[str]] = defaultdict(list)
        for message in messages:
            self.put(message)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._messages

    def __getitem__(self, message_id: str) -> Message:
        return self._messages[message_id]

    def get(self, message_id: str) -> Message | None:
        return self._messages.get(message_id)

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message) -> None:
        """Add a message, or replace it; its parent stays."""
        if message.id not in self._messages:
            self._children[message.parent_id].append(message.id)
        self._messages[message.id] = message

    def remove(self, message_id: str) -> list[str]:
        """Remove a message and everything below it; returns their ids."""
        removed = self.below(message_id)
        self._children[self._messages[message_id].parent_id].remove(message_id)
        for known in removed:
            self._children.pop(known, None)
            del self._messages[known]
        return removed

    def below(self, message_id: str) -> list[str]:
        """The ids of a message and everything below it."""
        found = [message_id]
        for known in found:
            found += self._children.get(known, [])
        return found

    def path(self, leaf_id: str | None) -> list[Message]:
        """The messages from the first to `leaf_id`."""
        path: list[Message] = []
        seen: set[str] = set()
        while leaf_id in self._messages and leaf_id not in seen:
            seen.add(leaf_id)
            path.append(self._messages[leaf_id])
            leaf_id = path[-1].parent_id
        return path[::-1]

    def versions(self, message_id: str) -> list[str]:
        """The ids of a message and its siblings."""
        return self._children[self._messages[message_id].parent_id]

    def row(self, message: Message) -> MessageRow:
        versions = self.versions(message.id)
        return MessageRow(
            message=message,
            version=versions.index(message.id),
            num_versions=len(versions),
        )

    def rows(self, leaf_id: str | None) -> list[MessageRow]:
        """A row for each message of the path; results of tools belong to the row of their call."""
        rows: list[MessageRow] = []
        for message in self.path(leaf_id):
            row = self.row(message)
            if rows and row.num_versions == 1 and _is_result(message, rows[-1].message):
                rows[-1] = replace(rows[-1], results=(*rows[-1].results, message))
            else:
                rows.append(row)
        return rows

    def leaf_below(self, message_id: str) -> str:
        """The leaf at the end of the latest path below a message."""
        while children := self._children.get(message_id):
            message_id = children[-1]
        return message_id

    def last_leaf(self) -> str | None:
        """The leaf below the latest first message; None in an empty tree."""
        roots = self._children.get(None)
        return self.leaf_below(roots[-1]) if roots else None


def _is_result(message: Message, answer: Message) -> bool:
    """Whether a message is the result of one of the answer's tool calls."""
    ids = {call.id for call in answer.tool_calls}
    return message.role == "tool" and message.tool_call_id in ids


def forest(messages: Iterable[Message]) -> list[Message]:
    """Parents before their children. A message without its parent, or in a cycle, is a root."""
    known = {message.id: message for message in messages}
    placed: dict[str, Message] = {}
    for message in known.values():
        above = [message]
        under = {message.id}
        while (parent := known.get(above[-1].parent_id or "")) and parent.id not in placed:
            if parent.id in under:
                break
            under.add(parent.id)
            above.append(parent)
        for one in reversed(above):
            if one.id not in placed:
                is_root = one.parent_id not in placed and one.parent_id is not None
                placed[one.id] = replace(one, parent_id=None) if is_root else one
    return list(placed.values())


def branch(conversation: Conversation, path: list[Message], now: float) -> Transcript:
    """A new conversation with copies of the messages of `path`."""
    copy = replace(
        conversation, id=new_id(), pinned=False, draft="", created_at=now, updated_at=now
    )
    copies: list[Message] = []
    for message in path:
        above = copies[-1].id if copies else None
        copies.append(replace(message, id=new_id(), conversation_id=copy.id, parent_id=above))
    ids = {message.id: known.id for message, known in zip(path, copies, strict=True)}
    settings = replace(copy.settings, first_sent=ids.get(copy.settings.first_sent or ""))
    leaf_id = copies[-1].id if copies else None
    copy = replace(copy, leaf_id=leaf_id, settings=settings)
    return Transcript(conversation=copy, messages=tuple(copies))
