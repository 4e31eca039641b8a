"""The tools of this computer, for requests that may run them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import ConfigurationError, InvalidRequestError
from ..settings import ServerSettings
from .caller import ForbiddenError, caller

if TYPE_CHECKING:
    from ...tools.host import Found, Guest, Host
    from ...tools.outcome import Outcome
    from ...tools.toolbox import Tool

# Seconds that one call may take.
CALL_PATIENCE = 120.0
DENIED = "(This tool is not allowed: the user has not said that it may always run.)"


class Source(NamedTuple):
    """Tools that a request asks for: of the server `name`, or of one that it brings along.

    `allowed` None stands for all of them. `param` is the field that names them.
    """

    name: str
    param: str
    url: str | None = None
    headers: Mapping[str, str] | None = None
    allowed: Sequence[str] | None = None


class Offer(NamedTuple):
    """What one request may call; `guests` are the servers that it has brought along."""

    tools: list[Tool]
    guests: list[Guest]
    host: Host

    async def close(self) -> None:
        for guest in self.guests:
            with suppress(Exception):  # the host may be closed already
                await asyncio.wrap_future(guest.close())


class ServerTools:
    """Nothing starts, and nothing is imported, before the first request for tools."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._is_open = False

    @cached_property
    def host(self) -> Host:
        from ...tools.host import Host

        self._is_open = True
        return Host()

    def close(self) -> None:
        if self._is_open:
            self.host.close()

    def check(self, sources: Sequence[Source]) -> None:
        """Raises ForbiddenError if the caller may not run tools of one of these sources."""
        if caller().is_own:
            return
        for source in sources:
            setting = "tools" if source.url is None else "remote_tools"
            if not getattr(self._settings, setting):
                option = setting.replace("_", "-")
                raise ForbiddenError(
                    f"{source.param}: this server runs no such tools for requests; its owner can "
                    f"allow it with `qwen3mlx serve --{option}`."
                )

    async def offer(self, sources: Sequence[Source]) -> Offer:
        """The tools of all sources, whose servers are started for it.

        Raises ForbiddenError, and InvalidRequestError for a server that fails or lacks a tool.
        """
        self.check(sources)
        guests = [self.host.guest(_config(each)) for each in sources if each.url is not None]
        offer = Offer([], guests, self.host)
        left = iter(guests)
        try:
            asked = [
                self.host.tools([each.name]) if each.url is None else next(left).tools()
                for each in sources
            ]
            found = await asyncio.gather(*map(asyncio.wrap_future, asked))
            for source, each in zip(sources, found, strict=True):
                offer.tools.extend(_chosen(source, each))
        except BaseException:
            await offer.close()
            raise
        return offer

    async def call(self, offer: Offer, tool: Tool, arguments: Mapping[str, Any]) -> Outcome:
        """Run a tool, if it may always run; those of guests are the caller's own choice."""
        from ...tools.consent import Consents
        from ...tools.outcome import Outcome

        if not tool.is_guest:
            try:
                choice = await asyncio.to_thread(Consents().choice, tool)
            except ConfigurationError as error:
                return Outcome("denied", str(error))
            if choice != "always":
                return Outcome("denied", DENIED)
        running = offer.host.call(tool, arguments, CALL_PATIENCE, lambda *_: None)
        return await asyncio.wrap_future(running)


def _config(source: Source) -> Any:
    from ...errors import UsageError
    from ...tools.mcp_json import check

    entry = {"url": source.url, "headers": dict(source.headers or {})}
    try:
        return check(source.name, entry)
    except UsageError as error:
        raise InvalidRequestError(f"{source.param}: {error}", param=source.param) from None


def _chosen(source: Source, found: Found) -> list[Tool]:
    if found.faults:
        raise InvalidRequestError(f"{source.param}: {found.faults[0]}", param=source.param)
    if source.allowed is None:
        return found.tools
    known = {tool.name: tool for tool in found.tools}
    for name in source.allowed:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise InvalidRequestError(
                f"{source.param}.allowed_tools: {source.name} has no tool {name}; it has {listed}.",
                param=f"{source.param}.allowed_tools",
            )
    return [known[name] for name in dict.fromkeys(source.allowed)]
