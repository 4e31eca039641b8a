"""The MCP servers of this process, on a thread with an event loop of its own.

A server that talks too much costs its own loop time, not that of the HTTP server.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ..errors import ConfigurationError
from ..quoting import quoted
from .builtin import built_in_tools
from .connection import Connection, State
from .mcp_json import BUILT_IN, Fault, McpFile, ServerConfig, Servers
from .outcome import Outcome
from .sign_in import SignIn, Tokens, returning
from .toolbox import Progress, Run, Tool
from .transports import ToolServerError, filled, log_path

T = TypeVar("T")

# Seconds for all servers to end.
END_PATIENCE = 8.0


class Found(NamedTuple):
    """Tools, and a sentence for each server that could not list its own, or has too many."""

    tools: list[Tool]
    faults: list[str]
    notes: list[str]


class ServerStatus(NamedTuple):
    """A server, what it is doing, and its tools if they have been listed since it started."""

    config: ServerConfig
    state: State
    error: str | None
    tools: list[Tool] | None
    wants_sign_in: bool = False
    is_signed_in: bool = False
    note: str | None = None


class Host:
    """Servers of `mcp.json`, or of the file at `path`, and the built-in tools. Thread-safe.

    Nothing runs before the first use. `close` ends all servers.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.file = McpFile(path)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._connections: dict[str, Connection] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._read: tuple[object, Servers] | None = None

    def servers(self) -> Servers:
        """The servers of the file as it is now. Raises ConfigurationError if it cannot be read."""
        version = self.file.version()
        if self._read is None or self._read[0] != version:
            self._read = version, self.file.read()
        return self._read[1]

    def faults(self) -> tuple[Fault, ...]:
        return self.servers().faults

    def tools(self, names: Iterable[str]) -> Future[Found]:
        """The tools of these servers, which are started for it."""
        return self._run(self._tools(list(names)))

    def known(self, names: Iterable[str]) -> list[Tool]:
        """The tools of those of these servers that have listed theirs; none is started for it."""
        listed = {one.config.name: one.tools or [] for one in self.status()}
        wanted = dict.fromkeys(names)
        if BUILT_IN in wanted:
            listed[BUILT_IN] = built_in_tools()
        return [tool for name in wanted for tool in listed.get(name, ())]

    def call(
        self, tool: Tool, arguments: Mapping[str, Any], seconds: float, on_progress: Progress
    ) -> Future[Outcome]:
        """Run a tool. Cancelling the future cancels the call."""
        return self._run(_outcome(tool, arguments, seconds, on_progress))

    def status(self) -> list[ServerStatus]:
        """The servers of the file, in its order; none is started for it."""
        return [self._status(config) for config in self.servers().servers.values()]

    def sign_in(self, name: str, show: Callable[[str], object]) -> Future[list[Tool]]:
        """Have a person sign in to a server, at the address that `show` gets; its tools."""
        return self._run(self._sign_in(name, show))

    def sign_out(self, name: str) -> Future[bool]:
        """Forget what signing in to a server has given; False if there was nothing."""
        return self._run(self._sign_out(name))

    def remove(self, name: str) -> Future[bool]:
        """Remove a server from the file, end it, and forget a sign-in that no other one uses.

        False if the file has no such server.
        """
        return self._run(self._remove(name))

    def change(self, name: str, entry: Mapping[str, Any]) -> Future[None]:
        """Give a server another place, and end it. Raises UsageError."""
        return self._run(self._change(name, entry))

    def switch(self, name: str, *, disabled: bool) -> Future[None]:
        """Turn a server off, which ends it, or on again. Raises UsageError."""
        return self._run(self._switch(name, disabled))

    def restart(self, name: str) -> Future[None]:
        """End a server, so that its next use starts it at once."""
        return self._run(self._restart(name))

    def guest(self, config: ServerConfig) -> Guest:
        """A server for one request alone, which closes it."""
        return Guest(self, config)

    def log(self, name: str) -> str:
        """What the server has said lately; empty if it never ran."""
        try:
            return log_path(name).read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def close(self) -> None:
        """End all servers and the thread; then nothing can be run any more."""
        with self._lock:
            self._is_closed = True
            thread, loop = self._thread, self._loop
            self._thread = None
        if thread is not None and loop is not None:
            ending = asyncio.run_coroutine_threadsafe(self._close_all(), loop)
            try:
                ending.result(END_PATIENCE)
            except TimeoutError:
                logging.getLogger(__name__).error("MCP servers did not end in time.")
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        with self._lock:
            if self._is_closed:
                work.close()
                raise ToolServerError("The tools have been closed.")
            if self._loop is None:
                self._start()
            assert self._loop is not None
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _start(self) -> None:
        # The SDK logs each fault of a server with a traceback; ours names it where it matters.
        for name in ("mcp", "client"):  # its sessions log as the latter
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="qwen3mlx-tools", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        assert self._loop is not None
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _tools(self, names: list[str]) -> Found:
        await self._drop_changed()
        found = await asyncio.gather(*(self._tools_of(name) for name in names))
        return Found(
            [tool for each in found for tool in each.tools],
            [fault for each in found for fault in each.faults],
            [note for each in found for note in each.notes],
        )

    async def _tools_of(self, name: str) -> Found:
        if name == BUILT_IN:
            return Found(built_in_tools(), [], [])
        try:
            return await _found(self._connection(name))
        except (ToolServerError, ConfigurationError) as error:
            return Found([], [str(error)], [])

    def _connection(self, name: str) -> Connection:
        if self._is_closed:
            raise ToolServerError("The tools have been closed.")
        if name not in self._connections:
            servers = self.servers()
            config = servers.servers.get(name)
            if config is None:
                wrong = [fault for fault in servers.faults if fault.name == name]
                about = f"line {wrong[0].line}: {wrong[0].text}" if wrong else "it is not there"
                raise ToolServerError(f"{self.file.path} has no server {quoted(name)}: {about}.")
            if config.disabled:
                raise ToolServerError(f"The MCP server {name} is disabled in {self.file.path}.")
            route = partial(self._route, config)
            self._connections[name] = Connection(config, route=route)
        return self._connections[name]

    def _route(self, config: ServerConfig, tool: str) -> Run:
        """Run a tool on the connection that its server has by then."""

        async def run(
            arguments: Mapping[str, Any], seconds: float, on_progress: Progress
        ) -> Outcome:
            try:
                connection = self._connection(config.name)
            except (ToolServerError, ConfigurationError) as error:
                return Outcome("error", str(error))
            if connection.config.fingerprint != config.fingerprint:
                text = f"The MCP server {config.name} is another one now: list its tools again."
                return Outcome("error", text)
            return await connection.call(tool, arguments, seconds, on_progress)

        return run

    async def _drop_changed(self) -> None:
        """End the servers whose entries have changed or are gone.

        A file that cannot be read, as while somebody edits it, changes nothing.
        """
        try:
            now = self.servers().servers
        except ConfigurationError:
            return
        changed = [name for name, one in self._connections.items() if one.config != now.get(name)]
        for name in changed:
            self._end(name)
        await asyncio.gather(*self._ending)

    async def _restart(self, name: str) -> None:
        if name in self._connections:
            self._end(name)
        await asyncio.gather(*self._ending)

    async def _sign_in(self, name: str, show: Callable[[str], object]) -> list[Tool]:
        config = self._remote(name)
        await self._restart(name)
        async with returning() as returned:
            connection = Connection(config, sign_in=SignIn(show, returned))
            try:
                return await connection.tools()
            except asyncio.TimeoutError:
                raise ToolServerError(f"The MCP server {name} does not answer.") from None
            finally:
                returned.give_up()
                await connection.close()

    async def _sign_out(self, name: str) -> bool:
        tokens = Tokens(filled(self._remote(name).url or ""))
        await self._restart(name)
        return tokens.forget()

    async def _remove(self, name: str) -> bool:
        gone = self.servers().servers.get(name)
        if not self.file.remove(name):
            return False
        await self._restart(name)
        self._forget_sign_in(gone)
        return True

    async def _change(self, name: str, entry: Mapping[str, Any]) -> None:
        before = self.servers().servers.get(name)
        self.file.change(name, entry)
        await self._restart(name)
        self._forget_sign_in(before)

    async def _switch(self, name: str, disabled: bool) -> None:
        self.file.switch(name, disabled=disabled)
        await self._restart(name)

    def _forget_sign_in(self, before: ServerConfig | None) -> None:
        """Forget what signing in at an address has given, if no server is there any more."""
        places = {one.url for one in self.servers().servers.values()}
        if before is not None and before.url is not None and before.url not in places:
            with suppress(ToolServerError):  # its address has a variable that is not set
                Tokens(filled(before.url)).forget()

    def _remote(self, name: str) -> ServerConfig:
        config = self._connection(name).config
        if config.url is None:
            raise ToolServerError(f"The MCP server {name} runs here: there is nothing to sign in.")
        return config

    def _end(self, name: str) -> None:
        """The end is waited for, even if whoever asked for it is not."""
        ending = asyncio.create_task(self._connections.pop(name).close())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _close_all(self) -> None:
        for name in list(self._connections):
            self._end(name)
        await asyncio.gather(*self._ending)

    def _status(self, config: ServerConfig) -> ServerStatus:
        connection = self._connections.get(config.name)
        is_signed_in = _is_signed_in(config)
        if connection is None or connection.config != config:
            return ServerStatus(config, "stopped", None, None, is_signed_in=is_signed_in)
        return ServerStatus(
            config,
            connection.state,
            connection.error,
            connection.tools_known,
            connection.wants_sign_in,
            is_signed_in,
            connection.note,
        )


class Guest:
    """A server that one request has brought along."""

    def __init__(self, host: Host, config: ServerConfig) -> None:
        self._host = host
        self._config = config
        self._connection: Connection | None = None

    def tools(self) -> Future[Found]:
        return self._host._run(self._tools())

    def close(self) -> Future[None]:
        return self._host._run(self._close())

    async def _tools(self) -> Found:
        self._connection = Connection(self._config, is_guest=True)
        return await _found(self._connection)

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


async def _found(connection: Connection) -> Found:
    try:
        tools = await connection.tools()
    except ToolServerError as error:
        return Found([], [str(error)], [])
    except asyncio.TimeoutError:
        return Found(
            [], [f"The MCP server {connection.config.name} failed: it does not answer."], []
        )
    return Found(tools, [], [connection.note] if connection.note else [])


def _is_signed_in(config: ServerConfig) -> bool:
    try:
        return config.url is not None and Tokens(filled(config.url)).are_there
    except ToolServerError:  # its address has a variable that is not set
        return False


async def _outcome(
    tool: Tool, arguments: Mapping[str, Any], seconds: float, on_progress: Progress
) -> Outcome:
    return await tool.run(arguments, seconds, on_progress)
