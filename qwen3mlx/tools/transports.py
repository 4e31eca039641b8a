"""How a server is reached: a program behind the supervisor, or streamable HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..child_process import RUN_CHILD, child_environment, own_command
from ..errors import Qwen3MLXError
from ..quoting import quoted
from ..settings.state import make_folder, state_home
from . import supervisor
from .lenient import make_plain
from .mcp_json import ServerConfig
from .sign_in import SignIn, SignInNeededError, check_place, provider

if TYPE_CHECKING:
    import httpx2

# What a server gets of our environment.
_INHERITED = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "TMPDIR", "TZ")
# Folders of programs that the PATH of a desktop lacks.
_USUAL = ("/opt/homebrew/bin", "/usr/local/bin", "~/.local/bin")
_VARIABLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
# Bytes of one answer over HTTP, of which a stream of events may have several.
LARGEST_ANSWER = 64 << 20
# Seconds for a connection, and between two pieces of an answer.
CONNECT_PATIENCE, READ_PATIENCE = 30.0, 300.0


class ToolServerError(Qwen3MLXError):
    """An MCP server cannot be started, or does not answer as it should."""

    code = "tool_server_failed"


@asynccontextmanager
async def transport(
    config: ServerConfig, on_end: Callable[[], None], sign_in: SignIn | None = None
) -> AsyncIterator[Any]:
    """The streams of a connection; `on_end` is called when the server has ended it.

    With `sign_in`, a person signs in if the server wants that.
    """
    if config.url is None:
        from mcp.client.stdio import StdioServerParameters, stdio_client

        command, *arguments = own_command()
        server = StdioServerParameters(
            command=command,
            args=[*arguments, RUN_CHILD, supervisor.__name__],
            env={**child_environment(), supervisor.VARIABLE: json.dumps(_job(config)._asdict())},
            cwd="/",
        )
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            async with stdio_client(server, nowhere) as (reading, writing):
                yield Watched(reading, on_end), writing
        return
    from mcp.client.streamable_http import streamable_http_client

    url = filled(config.url)
    async with (
        _http_client(config, url, sign_in) as http,
        streamable_http_client(url, http_client=http) as (reading, writing),
    ):
        yield Watched(reading, on_end), writing


def log_path(name: str) -> Path:
    """The file with what the server `name` has said."""
    return state_home() / "tool-logs" / f"{quote(name, safe='')}.log"


def _job(config: ServerConfig) -> supervisor.Job:
    path = os.pathsep.join(_program_folders())
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    given = {name: filled(text) for name, text in config.env.items()}
    log = log_path(config.name)
    make_folder(log.parent)
    return supervisor.Job(
        command=[_program(config, path), *(filled(text) for text in config.args)],
        env={**environment, "PATH": path, **given},
        cwd=str(Path(config.cwd).expanduser()) if config.cwd else "/",
        log=str(log),
    )


def _program_folders() -> list[str]:
    """The folders of PATH and the usual ones; never the current folder."""
    named = [*os.environ.get("PATH", os.defpath).split(os.pathsep), *_USUAL]
    return list(dict.fromkeys(os.path.expanduser(one) for one in named if one[:1] in "/~" and one))


def _program(config: ServerConfig, path: str) -> str:
    command = os.path.expanduser(config.command or "")
    found = shutil.which(command, path=path)
    if found is None:
        raise ToolServerError(
            f"the command {quoted(command)} was not found: install it, or write its whole path"
        )
    return found


def filled(text: str) -> str:
    """`text` with `${env:NAME}` replaced, as Cursor writes secrets that are not in the file."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise ToolServerError(f"the variable {match[1]} that it needs is not set")
        return found

    return _VARIABLE.sub(value, text)


def _http_client(config: ServerConfig, url: str, sign_in: SignIn | None) -> httpx2.AsyncClient:
    import httpx2

    class BoundedStream(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = LARGEST_ANSWER
            async for piece in self._stream:
                left -= len(piece)
                if left < 0:
                    raise httpx2.DecodingError("its answer is too large")
                yield piece

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def bound(response: httpx2.Response) -> None:
        """Refuse an answer that would grow, before it is read; the SDK bounds each event."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx2.DecodingError("it compresses its answers, which was not asked for")
        if "text/event-stream" not in response.headers.get("content-type", ""):
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = BoundedStream(response.stream)

    headers = {key: filled(text) for key, text in config.headers.items()}
    has_key = any(name.lower() == "authorization" for name in headers)
    auth = None if has_key else provider(url, sign_in)

    async def check(request: httpx2.Request) -> None:
        check_place(url, request)

    async def refuse(response: httpx2.Response) -> None:
        if response.status_code == 401 and auth is None:
            raise SignInNeededError

    return httpx2.AsyncClient(
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(CONNECT_PATIENCE, read=READ_PATIENCE),
        auth=auth,
        event_hooks={"request": [check], "response": [refuse, bound]},
    )


class Watched:
    """A stream of messages, made plain, that tells when the server has ended it."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    async def receive(self) -> Any:
        import anyio

        try:
            return _plain(await self._stream.receive())
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            self._on_end()
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            return _plain(await self._stream.__anext__())
        except StopAsyncIteration:
            self._on_end()
            raise

    async def __aenter__(self) -> Watched:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


def _plain(item: Any) -> Any:
    """A message, or the error that came instead of one."""
    make_plain(getattr(getattr(item, "message", None), "result", None))
    return item
