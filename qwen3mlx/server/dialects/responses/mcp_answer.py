"""A response with MCP servers: their tools are listed, approved calls made, then it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ....errors import ConfigurationError, Qwen3MLXError
from ...core.agent import AgentAnswer, AgentEvent
from ...core.server_tools import Offer, ServerTools
from ..shared.tools import ClientTool, offered_name
from .mcp import McpServer

if TYPE_CHECKING:
    from ....tools.toolbox import Tool


class ListBegun(NamedTuple):
    """A server is asked for its tools."""

    server: McpServer


class Listed(NamedTuple):
    """The tools of a server that the request allows, and the functions that the model sees.

    `asked` are the names of those functions whose calls the client has to approve.
    """

    server: McpServer
    tools: Sequence[Tool]
    functions: Sequence[ClientTool]
    asked: frozenset[str]


class ListFailed(NamedTuple):
    """A server cannot list its tools."""

    server: McpServer
    reason: str


ResponseEvent = AgentEvent | ListBegun | Listed | ListFailed
Begin = Callable[[Offer, Sequence[Listed]], Awaitable[AgentAnswer]]


class McpAnswer:
    """The events of the response. `begin` makes and begins the answer with the tools."""

    def __init__(self, tools: ServerTools, servers: Sequence[McpServer], begin: Begin) -> None:
        self._tools = tools
        self._servers = servers
        self._begin = begin
        self._listing: list[asyncio.Task[Offer]] = []
        self._agent: AgentAnswer | None = None
        self._events = self._generate()

    def __aiter__(self) -> AsyncIterator[ResponseEvent]:
        return self._events

    async def aclose(self) -> None:
        await self._events.aclose()
        if self._agent is not None:
            await self._agent.aclose()
        for task in self._listing:
            task.cancel()
        for offer in await asyncio.gather(*self._listing, return_exceptions=True):
            if isinstance(offer, Offer):
                await offer.close()

    async def _generate(self) -> AsyncGenerator[ResponseEvent, None]:
        self._listing = [
            asyncio.create_task(self._tools.offer([server.source])) for server in self._servers
        ]
        listed: list[Listed] = []
        for server, task in zip(self._servers, self._listing, strict=True):
            yield ListBegun(server)
            try:
                listed.append(await self._listed(server, await task))
            except Qwen3MLXError as error:
                yield ListFailed(server, str(error))
                raise
            yield listed[-1]
        offer = Offer([tool for each in listed for tool in each.tools], [])
        self._agent = await self._begin(offer, listed)
        async for event in self._agent:
            yield event

    async def _listed(self, server: McpServer, offer: Offer) -> Listed:
        tools = server.chosen(offer.tools)
        asking = [tool for tool in tools if server.needs_approval(tool)]
        with suppress(ConfigurationError):  # then no call is made, and the model is told why
            asking = await self._tools.allowed(asking)
        asked = frozenset(offered_name(tool.name, tool.server) for tool in asking)
        return Listed(server, tools, server.offered(tools), asked)
