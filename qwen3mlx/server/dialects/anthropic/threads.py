"""Threads: conversations that this server holds, so that a request sends its new messages only.

https://platform.claude.com/docs/en/api/messages, `thread`, as Anthropic's SDKs use it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...core.caller import caller
from ...core.conversations import Conversations, ConversationStore
from ...json_text import json_bytes
from .schemas import Message, PromptBody

# What a thread keeps from the request that began it.
_KEPT = ("system", "tools")


class ThreadError(InvalidRequestError):
    """`code` is Anthropic's `error.details.error_code`, by which its SDKs know what to do."""


class ThreadNotFoundError(ThreadError):
    """The SDKs send the whole conversation again, which begins another thread."""

    code = "thread_not_found"


class ThreadMismatchError(ThreadError):
    code = "thread_fingerprint_mismatch"


@dataclass(frozen=True, slots=True)
class Thread:
    """What a conversation's next request does not send again."""

    kept: Mapping[str, Any]  # as the body that began it has it
    messages: Sequence[Message]

    @property
    def nbytes(self) -> int:
        """Its size as JSON; messages that several share count in each."""
        texts = [json_bytes(message.model_dump()) for message in self.messages]
        return len(repr(self.kept)) + sum(map(len, texts))


Threads = Conversations[Thread]
AnyBody = TypeVar("AnyBody", bound=PromptBody)


async def get_threads(request: Request) -> Threads:
    """The caller's, of the one store of this application."""
    state = request.app.state
    if not hasattr(state, "threads"):
        state.threads = ConversationStore[Thread]()
    threads: ConversationStore[Thread] = state.threads
    return threads.of(caller().owner)


def in_thread(body: AnyBody, threads: Threads) -> AnyBody:
    """The body with the conversation that it continues; as it is, where it continues none.

    Raises ThreadNotFoundError for one that is not here, and ThreadMismatchError where the request
    says anew, and otherwise, what the thread keeps.
    """
    if body.thread is None or body.thread.type == "create":
        return body
    message_id = body.thread.previous_message_id
    thread = threads.get(message_id or "")
    if thread is None:
        raise ThreadNotFoundError(
            f"thread.previous_message_id: there is no message {quoted(message_id)} here, or not "
            "any more: send the whole conversation with thread {'type': 'create'}.",
            param="thread.previous_message_id",
        )
    for name in _KEPT:
        if getattr(body, name) not in (None, thread.kept[name]):
            raise ThreadMismatchError(
                f"{name} differs from what the thread was created with: leave it out, or send the "
                "whole conversation with thread {'type': 'create'}.",
                param=name,
            )
    messages = [*thread.messages, *body.messages]
    return body.model_copy(update={**thread.kept, "messages": messages})


def keep(body: PromptBody, reply: Mapping[str, Any], threads: Threads) -> None:
    """Hold the conversation and the reply to it under the reply's id, if that is asked for."""
    if body.thread is None:
        return
    answer = Message.model_validate({"role": "assistant", "content": reply["content"]})
    thread = Thread(
        {name: getattr(body, name) for name in _KEPT}, messages=[*body.messages, answer]
    )
    threads.put(reply["id"], thread, thread.nbytes)
