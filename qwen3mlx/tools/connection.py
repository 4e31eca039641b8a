"""The connection to one MCP server: started when first needed, started again, and ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..quoting import printable, shortened
from .lenient import SCHEMA
from .mcp_json import ServerConfig
from .outcome import Outcome, result_text
from .sign_in import SignIn, SignInNeededError
from .toolbox import Progress, Run, Tool
from .transports import ToolServerError, log_path, transport

if TYPE_CHECKING:
    import mcp_types
    from mcp import Client

T = TypeVar("T")
State = Literal["stopped", "starting", "running", "failed"]

# Seconds for each answer while a server starts, which may have to be downloaded first.
START_PATIENCE = 60.0
# Seconds after which a call is given up even if the connection does not notice.
GRACE = 2.0
# Seconds between starts that failed: twice as many each time, up to the last.
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
# Seconds of running after which a server may end without a wait for the next start.
HEALTHY = 60.0
# Calls of one server at a time; the others wait for their turn.
AT_A_TIME = 16
MOST_TOOLS, MOST_PAGES = 256, 32


class Connection:
    """One server. All of it runs on the host's event loop.

    `route` is what its tools run, if not `call` of this connection: another may have taken over.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        route: Callable[[str], Run] | None = None,
        is_guest: bool = False,
        sign_in: SignIn | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._route = route or (lambda tool: partial(self.call, tool))
        self._is_guest = is_guest
        self._sign_in = sign_in
        self._is_closed = False
        self.state: State = "stopped"
        self.error: str | None = None
        self.wants_sign_in = False
        self.tools_known: list[Tool] | None = None
        self.note: str | None = None
        self._clock = clock
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._listing = asyncio.Lock()
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._wait, self._not_before, self._started_at = 0.0, 0.0, 0.0

    async def tools(self) -> list[Tool]:
        """The server's tools, listed anew after they have changed. Raises ToolServerError.

        `note` says then if it has more.
        """
        async with self._listing:
            client = await self._running()
            if self.tools_known is None:
                self.tools_known = await self._answer(self._list(client), START_PATIENCE)
            return self.tools_known

    async def call(
        self, tool: str, arguments: Mapping[str, Any], seconds: float, on_progress: Progress
    ) -> Outcome:
        """Call a tool; whatever goes wrong is an outcome."""
        async with self._turns:
            begin = self._clock()
            try:
                outcome = await self._call(tool, arguments, seconds, on_progress)
            except asyncio.TimeoutError:
                text = f"(The tool did not answer within {seconds:g} seconds, and was given up.)"
                outcome = Outcome("timeout", text)
            except ToolServerError as error:
                outcome = Outcome("error", str(error))
            return outcome._replace(seconds=self._clock() - begin)

    async def close(self) -> None:
        """End the server for good, and wait until it has ended."""
        self._is_closed = True
        self._stop.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _call(
        self, tool: str, arguments: Mapping[str, Any], seconds: float, on_progress: Progress
    ) -> Outcome:
        async def report(progress: float, total: float | None, message: str | None) -> None:
            on_progress(progress, total, message and shortened(printable(message)))

        client = await self._running()
        call = client.call_tool(
            tool, dict(arguments), read_timeout_seconds=seconds, progress_callback=report
        )
        result = await self._answer(call, seconds + GRACE)
        text = result_text(result.content, result.structured_content)
        return Outcome("error" if result.is_error else "ok", text)

    async def _list(self, client: Client) -> list[Tool]:
        found: list[mcp_types.Tool] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if not cursor or len(found) > MOST_TOOLS:
                break
        kept = found[:MOST_TOOLS]
        self.note = None
        if cursor or len(found) > len(kept):
            self.note = (
                f"The MCP server {self.config.name} has more than {len(kept)} tools: the first "
                f"{len(kept)} can be used, the others are left out."
            )
        return [self._tool(tool) for tool in kept]

    def _tool(self, tool: mcp_types.Tool) -> Tool:
        assert tool.meta is not None
        return Tool(
            server=self.config.name,
            name=tool.name,
            run=self._route(tool.name),
            description=tool.description or "",
            schema=tool.meta[SCHEMA],
            source=self.config.fingerprint,
            is_guest=self._is_guest,
            is_read_only=bool(tool.annotations and tool.annotations.read_only_hint),
        )

    async def _answer(self, asked: Coroutine[Any, Any, T], seconds: float) -> T:
        """What the server answers. Raises ToolServerError, or TimeoutError of asyncio."""
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

        try:
            return await asyncio.wait_for(asked, seconds)
        except asyncio.TimeoutError:
            raise
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                raise asyncio.TimeoutError from None
            if error.code == CONNECTION_CLOSED and self._task is not None:
                await asyncio.wait([self._task], timeout=GRACE)  # it knows why
            if self._client is None:
                raise ToolServerError(self._failed(self.error or "it has ended")) from None
            raise ToolServerError(self._failed(_reason(error))) from None
        except Exception as error:  # an answer may be wrong in every way
            raise ToolServerError(self._failed(_reason(error))) from None

    async def _running(self) -> Client:
        """The client of the running server, which is started if need be."""
        if self._client is None:
            if self._task is not None and self._stop.is_set():
                await asyncio.wait([self._task])  # the one before is still ending
            if self._task is None or self._task.done():
                self._begin()
            await self._ready.wait()
        if self._client is None:
            raise ToolServerError(self._failed(self.error or "it has ended"))
        return self._client

    def _begin(self) -> None:
        now = self._clock()
        if self._is_closed:
            raise ToolServerError(f"The MCP server {self.config.name} has been ended.")
        if now < self._not_before:
            raise ToolServerError(
                f"{self._failed(self.error or 'it has ended')} It will be started again in "
                f"{self._not_before - now:.0f} seconds at the earliest."
            )
        self.state, self._started_at = "starting", now
        self._stop, self._ready = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._serve(self._stop, self._ready))

    async def _serve(self, stop: asyncio.Event, ready: asyncio.Event) -> None:
        """Keep the connection open until `stop` is set, or the server ends it."""
        fault: str | None = None

        def lost() -> None:
            nonlocal fault
            if not stop.is_set():
                fault, self._client = "it has ended", None
                stop.set()

        try:
            async with self._connected(lost) as client:
                self._client, self.tools_known = client, None
                self.state, self.error, self.wants_sign_in = "running", None, False
                ready.set()
                await stop.wait()
        except Exception as error:  # a server may fail in every way
            self.wants_sign_in = isinstance(_innermost(error), SignInNeededError)
            fault = self._who_are_you if self.wants_sign_in else fault or _reason(error)
        finally:
            self._client = None
            self._count_end(fault)
            ready.set()

    @asynccontextmanager
    async def _connected(self, lost: Callable[[], None]) -> AsyncIterator[Client]:
        from mcp import Client
        from mcp_types import Implementation
        from mcp_types.version import MODERN_PROTOCOL_VERSIONS

        from .. import __version__

        client = Client(
            transport(self.config, lost, self._sign_in),
            read_timeout_seconds=START_PATIENCE,
            message_handler=self._hear,
            client_info=Implementation(name="qwen3mlx", version=__version__),
            cache=None,
        )
        async with client:
            listening = None
            if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                listening = asyncio.create_task(self._listen(client))
            try:
                yield client
            finally:
                if listening is not None:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)

    async def _hear(self, message: Any) -> None:
        """Servers before 2026 tell changes unasked."""
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self.tools_known = None

    async def _listen(self, client: Client) -> None:
        """Later ones tell changes to those who listen."""
        with suppress(Exception):  # a server need not support it
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self.tools_known = None

    def _count_end(self, fault: str | None) -> None:
        now = self._clock()
        self.state, self.error = ("stopped", None) if fault is None else ("failed", fault)
        if fault is None or now - self._started_at >= HEALTHY:
            self._wait = self._not_before = 0.0
            return
        self._not_before = now + self._wait  # the first time, at once
        self._wait = min(LONGEST_WAIT, self._wait * 2 or FIRST_WAIT)

    @property
    def _who_are_you(self) -> str:
        advice = "give it a key in headers"
        if not self._is_guest:
            advice = f"sign in with `qwen3mlx mcp login {self.config.name}`, or {advice}"
        return f"it does not know who you are: {advice}"

    def _failed(self, fault: str) -> str:
        """What is wrong as a sentence, with the last that the server has said about it."""
        words = _last_words(self.config)
        return f"The MCP server {self.config.name} failed: {fault}{words}."


def _last_words(config: ServerConfig) -> str:
    """The last line in a program's log that is its own."""
    with suppress(OSError):
        if config.url is None:
            lines = log_path(config.name).read_text("utf-8", "replace").splitlines()[-20:]
            own = [line[20:] for line in lines if not line[20:].startswith(_NOT_ITS_OWN)]
            if own:
                return f" ({shortened(own[-1])})"
    return ""


_NOT_ITS_OWN = ("starting ", "ended with ", "killed")


def _innermost(error: BaseException) -> BaseException:
    while inner := getattr(error, "exceptions", None):
        error = inner[0]
    return error


def _reason(error: BaseException) -> str:
    """What the innermost of an error's causes says, in one line."""
    error = _innermost(error)
    return shortened(printable(" ".join(str(error).split())) or type(error).__name__).rstrip(".")
