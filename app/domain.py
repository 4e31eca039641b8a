"""What the window is about: values that services, models, controllers and views hand each other."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant", "tool"]
Status = Literal["streaming", "done", "stopped", "failed"]
AttachmentKind = Literal["text", "pdf", "docx"]


def new_id() -> str:
    """Of a conversation, message, folder or preset; never used twice, on no computer."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file's text, as it was when it was attached; `language` is a code fence's, or empty."""

    name: str
    kind: AttachmentKind
    text: str
    num_bytes: int
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """`arguments` are the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStats:
    """Tokens, and times in seconds; None where nobody has told."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    ttft_s: float | None = None
    tokens_per_second: float | None = None
    thinking_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A node of a conversation's tree; siblings are versions. Times: seconds since the epoch.

    A `tool` message answers the call `tool_call_id` of its parent.
    """

    id: str = field(default_factory=new_id)
    conversation_id: str
    parent_id: str | None = None
    role: Role
    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    attachments: tuple[Attachment, ...] = ()
    model: str | None = None
    status: Status = "done"
    error: str | None = None
    finish_reason: str | None = None
    stats: AnswerStats | None = None
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """Of one conversation; None and an empty text leave it to the model.

    `sampling` holds what was set of temperature, top_p, top_k, min_p, repetition_penalty,
    presence_penalty, frequency_penalty, seed and max_tokens.
    """

    system_prompt: str = ""
    thinking: bool | None = None
    thinking_budget: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`leaf_id` is the last message of the path that is shown. Times: seconds since the epoch."""

    id: str = field(default_factory=new_id)
    title: str = ""
    folder_id: str | None = None
    pinned: bool = False
    model: str | None = None
    settings: ChatSettings = field(default_factory=ChatSettings)
    draft: str = ""
    leaf_id: str | None = None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A conversation with all messages of its tree, parents before their children."""

    conversation: Conversation
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    id: str = field(default_factory=new_id)
    name: str
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Chat settings under a name."""

    id: str = field(default_factory=new_id)
    name: str
    settings: ChatSettings
