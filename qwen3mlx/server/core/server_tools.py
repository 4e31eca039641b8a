"""The tools of this computer, for requests that may run them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import InvalidRequestError
from ...request_warnings import warn
from ..settings import ServerSettings
from .caller import ForbiddenError, caller
from .questions import Questions

if TYPE_CHECKING:
    from ...tools.consent import Choice
    from ...tools.host import Found, Guest, Host
    from ...tools.outcome import Outcome
    from ...tools.toolbox import Progress, Tool

# Seconds that one call may take, and between two news of its progress.
CALL_PATIENCE, NEWS_EVERY = 120.0, 0.1


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

    async def close(self) -> None:
        for guest in self.guests:
            with suppress(Exception):  # the host may be closed already
                await asyncio.wrap_future(guest.close())


class ServerTools:
    """Nothing starts, and nothing is imported, before the first request for tools."""

    def __init__(self, settings: ServerSettings) -> None:
        self.questions = Questions()
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
        offer = Offer([], guests)
        left = iter(guests)
        try:
            asked = [
                self.host.tools([each.name]) if each.url is None else next(left).tools()
                for each in sources
            ]
            found = await asyncio.gather(*map(asyncio.wrap_future, asked))
            for source, each in zip(sources, found, strict=True):
                for note in each.notes:
                    warn(f"{source.param}: {note}")
                offer.tools.extend(_chosen(source, each))
        except BaseException:
            await offer.close()
            raise
        return offer

    async def choice(self, tool: Tool) -> Choice:
        """Whether a tool may run; those of guests are the caller's own choice.

        Raises ConfigurationError.
        """
        from ...tools.consent import Consents

        return "always" if tool.is_guest else await asyncio.to_thread(Consents().choice, tool)

    async def allowed(self, tools: Sequence[Tool]) -> list[Tool]:
        """Those that may run without a question. Raises ConfigurationError."""
        from ...tools.consent import Consents

        own = [tool for tool in tools if not tool.is_guest]
        choices = await asyncio.to_thread(Consents().choices, own)
        return [tool for tool in tools if choices.get(tool, "always") == "always"]

    async def run(self, tool: Tool, arguments: Mapping[str, Any], on_progress: Progress) -> Outcome:
        """Run a tool, whatever its consent is. `on_progress` is called on the event loop."""
        loop, told_at = asyncio.get_running_loop(), 0.0

        def tell(done: float, total: float | None, message: str | None) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at >= NEWS_EVERY and not loop.is_closed():
                told_at = now
                loop.call_soon_threadsafe(on_progress, done, total, message)

        return await asyncio.wrap_future(self.host.call(tool, arguments, CALL_PATIENCE, tell))


def _config(source: Source) -> Any:
    from ...errors import UsageError
    from ...tools.mcp_json import check

    entry = {"url": source.url, "headers": dict(source.headers or {})}
    if "${" in f"{source.url} {source.headers}":
        raise InvalidRequestError(
            f"{source.param}: variables of this computer are for mcp.json alone; send the value.",
            param=source.param,
        )
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
