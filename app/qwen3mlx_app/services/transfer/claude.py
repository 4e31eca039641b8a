"""Read claude.ai's export: `conversations.json`, a list of conversations with their messages.

A message names the one above it, so that versions are siblings; in older exports it does not, and
follows the one before it. An answer is a list of parts: thinking, text, calls of tools and their
results.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...domain import Attachment, Conversation, ToolCall, Transcript, new_id
from ..values import Json, an_object, instant, objects, text
from .writer import Writer

# What claude.ai calls a pasted text, which has no name.
_PASTED = "pasted.txt"


def read(document: Json) -> Transcript | None:
    """The conversation, or None if it has no messages."""
    created_at = instant(document.get("created_at")) or time.time()
    sources = objects(document.get("chat_messages"))
    tree = _Tree(new_id(), created_at, text(document.get("model")) or None)
    shown: dict[str, str | None] = {}  # the last of our messages that stands for each of theirs
    for key, source, above in _from_above(sources):
        shown[key] = tree.add_message(source, shown.get(above))
    if not tree.messages:
        return None
    newest = text(sources[-1].get("uuid"))
    leaf_id = shown.get(text(document.get("current_leaf_message_uuid"))) or shown.get(newest)
    return Transcript(
        conversation=Conversation(
            id=tree.conversation_id,
            title=text(document.get("name")).strip(),
            pinned=document.get("is_starred") is True,
            leaf_id=leaf_id or tree.messages[-1].id,
            created_at=created_at,
            updated_at=instant(document.get("updated_at")) or created_at,
        ),
        messages=tuple(tree.messages),
    )


def _from_above(sources: list[Json]) -> Iterator[tuple[str, Json, str]]:
    """Each message with its key and that of the message above it, which comes earlier."""
    by_key: dict[str, Json] = {}
    children = defaultdict(list)
    before = ""
    for number, source in enumerate(sources):
        key = text(source.get("uuid")) or str(number)
        if key not in by_key:
            by_key[key] = source
            children[text(source.get("parent_message_uuid")) or before].append(key)
        before = key
    tops = [above for above in children if above not in by_key]  # such as a root of zeros
    waiting = [(key, above) for above in tops for key in children[above]][::-1]
    while waiting:
        key, above = waiting.pop()
        yield key, by_key[key], above
        waiting += [(child, key) for child in reversed(children[key])]


@dataclass(slots=True)
class _Answer:
    """The parts of an answer, up to the results of its calls."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)


class _Tree(Writer):
    def __init__(self, conversation_id: str, created_at: float, model: str | None) -> None:
        super().__init__(conversation_id, created_at)
        self._created_at = created_at
        self._model = model

    def add_message(self, source: Json, parent_id: str | None) -> str | None:
        """Add what one of their messages holds; the id of the last of ours, or the parent's."""
        self.parent_id = parent_id
        self.time = instant(source.get("created_at")) or self._created_at
        if source.get("sender") == "human":
            self._add_question(source)
        elif source.get("sender") == "assistant":
            self._add_answer(source)
        return self.parent_id

    def _add_question(self, source: Json) -> None:
        files = [*objects(source.get("attachments")), *objects(source.get("files"))]
        attachments = tuple(_attachment(file) for file in files if file.get("extracted_content"))
        marks = [_mark(file) for file in files if not file.get("extracted_content")]
        content = "\n".join([*marks, *_texts(source)])
        if content.strip() or attachments:
            self.add("user", content=content, attachments=attachments)

    def _add_answer(self, source: Json) -> None:
        answer = _Answer()
        called: list[str] = []  # what has no result yet
        parts = objects(source.get("content")) or [{"type": "text", "text": source.get("text")}]
        for part in parts:
            if part.get("type") == "tool_result":
                called += self._flush(answer, "done")
                answer = _Answer()
                call_id = text(part.get("tool_use_id"))
                if call_id in called:
                    called.remove(call_id)
                elif called:
                    call_id = called.pop(0)
                self.add("tool", content=_result(part), tool_call_id=call_id or None)
            else:
                _take(answer, part)
        was_stopped = source.get("stop_reason") == "user_canceled"
        self._flush(answer, "stopped" if was_stopped else "done")

    def _flush(self, answer: _Answer, status: str) -> list[str]:
        """Add an answer, if there is any; the ids of its calls."""
        content, reasoning = ("\n\n".join(some) for some in (answer.content, answer.reasoning))
        if content.strip() or reasoning.strip() or answer.calls:
            self.add(
                "assistant",
                content=content.strip("\n"),
                reasoning=reasoning.strip("\n"),
                tool_calls=tuple(answer.calls),
                model=self._model,
                status=status,
            )
        return [call.id for call in answer.calls]


def _take(answer: _Answer, part: Json) -> None:
    kind = part.get("type")
    if kind == "thinking":
        answer.reasoning += filter(None, [text(part.get("thinking"))])
    elif kind == "text":
        answer.content += filter(None, [text(part.get("text"))])
    elif kind == "tool_use":
        arguments = text(json.dumps(an_object(part.get("input")), ensure_ascii=False))
        call_id = text(part.get("id")) or f"call_{new_id()[:24]}"
        answer.calls.append(ToolCall(id=call_id, name=text(part.get("name")), arguments=arguments))


def _texts(source: Json) -> list[str]:
    """Those of the parts; older exports have one text alone."""
    parts = objects(source.get("content"))
    found = [text(part.get("text")) for part in parts if part.get("type") == "text"]
    return [one for one in found or [text(source.get("text"))] if one]


def _result(part: Json) -> str:
    """Its texts; a page that was found has a title and an address as well."""
    content = part.get("content")
    names = ("title", "url", "text")
    found = ["\n".join(filter(None, (text(one.get(n)) for n in names))) for one in objects(content)]
    return "\n\n".join(filter(None, found)) or text(content)


def _attachment(file: Json) -> Attachment:
    content = text(file.get("extracted_content"))
    return Attachment(
        name=text(file.get("file_name")) or _PASTED,
        kind="text",
        text=content,
        num_bytes=len(content.encode()),
    )


def _mark(file: Json) -> str:
    """Of a file whose contents are not exported."""
    return f"[{text(file.get('file_name')) or 'file'}]"
