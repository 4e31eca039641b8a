"""A conversation's tree of messages, and how they are shown and sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant", "tool"]
Status = Literal["streaming", "done", "stopped", "failed"]
AttachmentKind = Literal["text", "pdf", "docx"]


def new_id() -> str:
    """A globally unique id for a conversation, message, folder or preset."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file's text when it was attached; `language` names its code fence, or is empty."""

    name: str
    kind: AttachmentKind
    text: str
    num_bytes: int
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of a tool; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStats:
    """Token counts, and times in seconds; None where unknown. `tool_s` is how long a tool ran."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    ttft_s: float | None = None
    tokens_per_second: float | None = None
    thinking_s: float | None = None
    tool_s: float | None = None


# The `finish_reason` of a version that a person wrote.
EDITED = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A node of a conversation's tree; siblings are versions. Times are Unix seconds.

    `finish_reason` is the server's, or EDITED where a person changed the text; that of a `tool`
    message says how its call ended. It answers the call `tool_call_id` of an answer above it.
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

    @property
    def is_broken_off(self) -> bool:
        """Whether it is an answer that ended too early, and can go on."""
        is_cut = self.status in ("stopped", "failed") or self.finish_reason == "length"
        return self.role == "assistant" and self.status != "streaming" and is_cut


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """The settings of one conversation; None or an empty text leaves it to the model.

    `sampling` holds what was set of temperature, top_p, top_k, min_p, repetition_penalty,
    presence_penalty, frequency_penalty, seed and max_tokens. Messages before `first_sent` are not
    sent to the model; it is the id of one of the conversation's messages. `servers` names those
    whose tools the model may call.
    """

    system_prompt: str = ""
    thinking: bool | None = None
    thinking_budget: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    first_sent: str | None = None
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingMode:
    """Whether the model thinks about a question; `by_switch` if its own text decides that."""

    is_on: bool
    can_change: bool
    by_switch: bool = False
    budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`leaf_id` is the last message of the path on screen. Times are Unix seconds."""

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

    @property
    def is_begun(self) -> bool:
        """Whether there is anything in it worth saving."""
        return bool(self.leaf_id or self.draft.strip() or self.settings.system_prompt.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A conversation with all messages of its tree, parents before their children."""

    conversation: Conversation
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgress:
    """What a call waits for, or does: a person is `asked`, or the tool of `server` is `running`.

    `since` is when it began to run, in Unix seconds. `done` of `total`, and `message`, are what the
    tool reports.
    """

    state: Literal["asked", "running"]
    server: str
    since: float
    done: float = 0.0
    total: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a running answer waits for, or does.

    `done` of `total` counts the prompt's tokens while it is prefilled, and percent while the model
    is loaded. `tokens_per_second` is known after a few tokens. `calls` are those that are under
    way, by their ids.
    """

    phase: Literal["server", "loading", "queued", "prefill", "writing", "tools"]
    done: int = 0
    total: int = 0
    tokens_per_second: float | None = None
    calls: Mapping[str, CallProgress] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message and its place among its versions, counted from 0.

    `progress` is set while it is an answer that is running. `results` are the tool messages that
    answer its tool calls.
    """

    message: Message
    version: int = 0
    num_versions: int = 1
    progress: Progress | None = None
    results: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is not sent yet: the next message, or an edit of an earlier one.

    `id` is the edited message's, or the conversation's. `text` is an edit's; that of the next
    message is `Conversation.draft`.
    """

    id: str
    conversation_id: str
    text: str = ""
    attachments: tuple[Attachment, ...] = ()


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
