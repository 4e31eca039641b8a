"""Calls of tools that wait until a person allows or denies them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...errors import InvalidRequestError
from ...quoting import quoted

if TYPE_CHECKING:
    from ...tools.loop import Call
    from ...tools.toolbox import Tool

# once: this call alone. always: it, and later calls of the tool. deny: not this call.
Reply = Literal["once", "always", "deny"]


class Question(NamedTuple):
    """A call that nobody has said anything about yet."""

    tool: Tool
    reply: asyncio.Future[Reply]


class Questions:
    """By the id of the call, which is random. Used on the event loop's thread only."""

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}

    async def ask(self, call: Call) -> Reply:
        """Wait for the reply, without an end: whoever is asked has the connection open."""
        assert call.tool is not None
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._open[call.id] = Question(call.tool, reply)
        try:
            return await reply
        finally:
            del self._open[call.id]

    async def reply(self, call_id: str, reply: Reply) -> None:
        """Answer a question; `always` answers all that wait for the same tool.

        Raises InvalidRequestError if the call does not wait (any more).
        """
        from ...tools.consent import Consents

        asked = self._open.get(call_id)
        if asked is None or asked.reply.done():
            raise InvalidRequestError(
                f"No call {quoted(call_id)} waits for an answer: it has been answered or ended.",
                param="id",
            )
        answered = [asked]
        if reply == "always":
            await asyncio.to_thread(Consents().save, asked.tool, "always")
            answered = [one for one in self._open.values() if _is_same(one.tool, asked.tool)]
        for one in answered:
            if not one.reply.done():
                one.reply.set_result(reply)


def _is_same(tool: Tool, other: Tool) -> bool:
    return (tool.server, tool.identity) == (other.server, other.identity)
