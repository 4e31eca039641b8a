"""The values that services, models, controllers and views pass to each other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
    """Token counts, and times in seconds; None where unknown."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    ttft_s: float | None = None
    tokens_per_second: float | None = None
    thinking_s: float | None = None


# The `finish_reason` of a version that a person wrote.
EDITED = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A node of a conversation's tree; siblings are versions. Times are Unix seconds.

    `finish_reason` is the server's, or EDITED where a person changed the text.
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
    """The settings of one conversation; None or an empty text leaves it to the model.

    `sampling` holds what was set of temperature, top_p, top_k, min_p, repetition_penalty,
    presence_penalty, frequency_penalty, seed and max_tokens. Messages before `first_sent` are not
    sent to the model; it is the id of one of the conversation's messages.
    """

    system_prompt: str = ""
    thinking: bool | None = None
    thinking_budget: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    first_sent: str | None = None


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
class Progress:
    """What a running answer waits for, or does.

    `done` of `total` counts the prompt's tokens while it is prefilled, and percent while the model
    is loaded. `tokens_per_second` is known after a few tokens.
    """

    phase: Literal["server", "loading", "queued", "prefill", "writing"]
    done: int = 0
    total: int = 0
    tokens_per_second: float | None = None


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


# Takes something back; False if that cannot be saved.
Undo = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to the person: what happened, and what to do.

    `action` is what its button does: start or restart the server, or undo what the notice tells of.
    A notice replaces an earlier one with the same `topic`, and leaves when that is settled.
    """

    text: str
    kind: Literal["info", "warning", "error"] = "info"
    action: Literal["start_server", "restart_server"] | Undo | None = None
    topic: str = ""


ServerPhase = Literal["stopped", "starting", "ready", "failed", "stopping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The server's state, with its `url` while it is ready, or the `reason` why it failed."""

    phase: ServerPhase
    url: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a model fits in memory with its context, in bytes and tokens."""

    verdict: Literal["fits", "tight", "too-large"]
    context_length: int
    weight_bytes: int
    kv_bytes: int
    needed_bytes: int
    limit_bytes: int
    largest_context: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How a model is loaded, and its default sampling; None leaves it to the model."""

    context_length: int | None = None
    rope_scaling: Mapping[str, Any] | None = None
    kv_bits: int | None = None
    ttl: float | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in memory; with `ttl` None it is never unloaded."""

    context_length: int
    kv_bits: int | None
    nbytes: int
    ttl: float | None
    num_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model on this computer, as the server describes it."""

    id: str
    path: str
    source: Literal["demo", "cache", "folder"]
    publisher: str
    params: str
    quantization: str | None
    bits_per_weight: float
    size_bytes: int
    max_context_length: int
    is_chat: bool
    is_embedding: bool
    can_think: bool
    thinks_by_default: bool
    can_disable_thinking: bool
    state: Literal["loaded", "loading", "not-loaded"]
    load_progress: float | None
    loaded: LoadedModel | None
    settings: ModelSettings
    sampling_defaults: Mapping[str, Mapping[str, float]]
    fit: Fit

    @property
    def name(self) -> str:
        """The name without its publisher."""
        return self.id.rpartition("/")[2]

    @property
    def context_length(self) -> int:
        """The context length it has in memory, or would be loaded with."""
        return self.loaded.context_length if self.loaded else self.fit.context_length

    def not_loaded(self) -> ModelEntry:
        """The same model, unloaded."""
        return replace(self, state="not-loaded", load_progress=None, loaded=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of the server's memory, by purpose."""

    limit_bytes: int
    weight_bytes: int
    kv_bytes: int
    prefix_cache_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRequest:
    """A request that the server is working on, whoever sent it."""

    id: int
    model: str
    path: str | None
    client: str | None
    address: str | None
    phase: Literal["waiting", "prefill", "decode"]
    prompt_tokens: int
    prefilled_tokens: int
    cached_tokens: int
    completion_tokens: int
    tokens_per_second: float | None
    age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A finished request; `time` in Unix seconds."""

    id: int
    time: float
    method: str
    path: str
    client: str
    address: str
    status: int | None
    ms: float
    model: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """`scope` is inference, models (inference and managing models) or admin (everything).

    `created` and `last_used`: ISO 8601, UTC.
    """

    name: str
    scope: str
    created: str
    last_used: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder that is searched for models."""

    path: str
    source: Literal["user", "lmstudio", "cache"]
    exists: bool
    num_models: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What the server starts with, in GB and seconds; None lets the server choose."""

    port: int
    allow_origin: tuple[str, ...]
    ttl: float
    memory_limit: float | None
    prefix_cache: float | None
    max_running: int | None
    max_waiting: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """The window's own settings; `system` as `language` or `theme` follows the computer.

    `hub_mirror` is a URL used instead of Hugging Face's, or empty. `place` is the window's left,
    top, width and height; `folded` are keys of the sidebar's headings.
    """

    theme: Literal["system", "light", "dark"] = "system"
    language: Literal["system", "en", "zh_CN"] = "system"
    font_size: int = 14
    send_with: Literal["enter", "ctrl_enter"] = "enter"
    show_tray: bool = True
    notify: bool = True
    reduce_motion: bool = False
    auto_title: bool = True
    hub_mirror: str = ""
    start_server: bool = True
    last_model: str | None = None
    first_run_done: bool = False
    last_conversation_id: str | None = None
    place: tuple[int, int, int, int] | None = None
    is_maximized: bool = False
    sidebar_shown: bool = True
    sidebar_width: int | None = None
    panel_shown: bool = False
    folded: tuple[str, ...] = ()
