"""Export conversations as JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from ...domain import Attachment, Message, ToolCall, Transcript
from ..fence import fenced
from . import own

translate = QCoreApplication.translate


def to_json(transcripts: Iterable[Transcript]) -> str:
    """Conversations as JSON without loss; `import_file` reads it."""
    return json.dumps(own.document(transcripts), ensure_ascii=False, indent=1) + "\n"


def to_markdown(transcript: Transcript) -> str:
    """The path on screen as Markdown; other versions are left out."""
    conversation = transcript.conversation
    title = " ".join(conversation.title.split()) or translate("transfer", "Conversation")
    date = datetime.fromtimestamp(conversation.created_at).strftime("%Y-%m-%d %H:%M")
    parts = [f"# {title}", f"*{date}*"]
    if conversation.settings.system_prompt:
        heading = translate("transfer", "System prompt")
        parts.append(f"**{heading}**\n\n{_quoted(conversation.settings.system_prompt)}")
    for message in path(transcript):
        parts += _sections(message)
    return "\n\n".join(parts) + "\n"


def path(transcript: Transcript) -> list[Message]:
    """The messages on screen, from the first to the last."""
    known = {message.id: message for message in transcript.messages}
    messages: list[Message] = []
    message_id = transcript.conversation.leaf_id
    while message_id is not None and message_id in known:
        messages.append(known.pop(message_id))
        message_id = messages[-1].parent_id
    return messages[::-1]


def _sections(message: Message) -> Iterator[str]:
    yield f"## {_speaker(message)}"
    for attachment in message.attachments:
        yield _attachment(attachment)
    if message.reasoning:
        summary = translate("transfer", "Thinking")
        yield f"<details><summary>{summary}</summary>\n\n{_quoted(message.reasoning)}\n\n</details>"
    if message.content:
        yield fenced(message.content) if message.role == "tool" else message.content
    for call in message.tool_calls:
        yield _call(call)
    if message.error:
        yield f"*{message.error}*"


def _speaker(message: Message) -> str:
    if message.role == "user":
        return translate("transfer", "You")
    if message.role == "tool":
        return translate("transfer", "Tool result")
    return message.model or translate("transfer", "Assistant")


def _attachment(attachment: Attachment) -> str:
    return f"**{attachment.name}**\n\n{fenced(attachment.text, attachment.language)}"


def _call(call: ToolCall) -> str:
    return f"**{call.name}**\n\n{fenced(call.arguments, 'json')}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
