"""Threads: conversations stored by the server, so that requests only send new messages.

https://platform.claude.com/docs/en/api/messages, `thread`, as Anthropic's SDKs use it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...core.caller import caller
from ...core.conversations import Conversations, ConversationStore
from ...json_text import json_bytes
from .schemas import Message, PromptBody

# The fields that a thread keeps from the request that created it.
_KEPT = ("system", "tools")


class ThreadError(InvalidRequestError):
    """`code` is Anthropic's `error.details.error_code`, which its SDKs act on."""


class ThreadNotFoundError(ThreadError):
    """The SDKs then send the whole conversation, which creates another thread."""

    code = "thread_not_found"


class ThreadMismatchError(ThreadError):
    code = "thread_fingerprint_mismatch"


class Thread(NamedTuple):
    """The part of a conversation that its next request does not repeat."""

    kept: Mapping[str, Any]  # fields of the body that created it
    messages: Sequence[Message]

    @property
    def nbytes(self) -> int:
        """The size as JSON; messages shared by several threads count in each."""
        texts = [json_bytes(message.model_dump()) for message in self.messages]
        return len(repr(self.kept)) + sum(map(len, texts))


Threads = Conversations[Thread]
AnyBody = TypeVar("AnyBody", bound=PromptBody)


async def get_threads(request: Request) -> Threads:
    """The caller's part of the application's one store."""
    state = request.app.state
    if not hasattr(state, "threads"):
        state.threads = ConversationStore[Thread]()
    threads: ConversationStore[Thread] = state.threads
    return threads.of(caller().owner)


def in_thread(body: AnyBody, threads: Threads) -> AnyBody:
    """The body with the thread it continues, or unchanged if it continues none.

    Raises ThreadNotFoundError if the thread is not stored, and ThreadMismatchError if the request
    contradicts what the thread keeps.
    """
    if body.thread is None or body.thread.type == "create":
        return body
    message_id = body.thread.previous_message_id
    thread = threads.get(message_id or "")
    if thread is None:
        raise ThreadNotFoundError(
            f"thread.previous_message_id: there is no stored message {quoted(message_id)}; send "
            "the whole conversation with thread {'type': 'create'}.",
            param="thread.previous_message_id",
        )
    for name in _KEPT:
        if getattr(body, name) not in (None, thread.kept[name]):
            raise ThreadMismatchError(
                f"{name} differs from the one the thread was created with; omit it, or send the "
                "whole conversation with thread {'type': 'create'}.",
                param=name,
            )
    messages = [*thread.messages, *body.messages]
    return body.model_copy(update={**thread.kept, "messages": messages})


def keep(body: PromptBody, reply: Mapping[str, Any], threads: Threads) -> None:
    """Store the conversation and its reply under the reply's id, if requested."""
    if body.thread is None:
        return
    answer = Message.model_validate({"role": "assistant", "content": reply["content"]})
    thread = Thread(
        {name: getattr(body, name) for name in _KEPT}, messages=[*body.messages, answer]
    )
    threads.put(reply["id"], thread, thread.nbytes)
