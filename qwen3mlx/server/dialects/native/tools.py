"""`/tools`: the MCP servers, their tools, what may run, and test calls.

Whoever adds a server has a program run, so that no key opens these paths, whatever its scope: only
the window and the command line of the server's owner.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ....errors import InvalidRequestError, Qwen3MLXError, UsageError
from ....request_warnings import warn
from ...core.dependencies import ServiceDep
from ...core.service import Service
from ...http.json_body import Route
from ...http.sse import sse, streaming
from ...json_text import Json
from ..shared.request_fields import Parameter
from .schemas import (
    BuiltInBody,
    CallBody,
    ChangedToolServerBody,
    ConsentBody,
    McpTextBody,
    NewToolServerBody,
    ToolServerBody,
)

if TYPE_CHECKING:
    from ....tools.outcome import Outcome
    from ....tools.toolbox import Tool


router = APIRouter(prefix="/tools", route_class=Route)


@router.get("/servers")
async def list_servers(service: ServiceDep) -> Json:
    """The servers of mcp.json with their state, and what is wrong in it. None is started."""
    return await asyncio.to_thread(_servers, service)


@router.post("/servers")
async def add(body: NewToolServerBody, service: ServiceDep) -> Json:
    """Add a server to mcp.json; `entry` is as it is there."""
    try:
        await asyncio.to_thread(service.tools.host.file.add, body.name, body.entry)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="entry") from None
    return await list_servers(service)


@router.patch("/servers")
async def change(body: ChangedToolServerBody, service: ServiceDep) -> Json:
    """Give a server another place, with `null` for values that it keeps, or turn it off or on."""
    host = service.tools.host
    try:
        if body.entry is not None:
            await asyncio.wrap_future(host.change(body.name, body.entry))
        if body.disabled is not None:
            await asyncio.wrap_future(host.switch(body.name, disabled=body.disabled))
    except UsageError as error:
        raise InvalidRequestError(str(error), param="entry") from None
    return await list_servers(service)


@router.post("/servers/import")
async def import_servers(body: McpTextBody, service: ServiceDep) -> Json:
    """Add the servers in the text of an mcp.json; the list, and what was added and left out."""
    from ....tools.importing import import_text

    imported = await asyncio.to_thread(import_text, body.text)
    left_out = [f"{one[:1].upper()}{one[1:]}" for one in imported.left_out]
    if not imported.names and not left_out:
        left_out = ["There are no servers in it: they belong into an object mcpServers."]
    return {**await list_servers(service), "added": imported.names, "left_out": left_out}


@router.delete("/servers")
async def remove(name: Parameter, service: ServiceDep) -> Json:
    """Remove a server from mcp.json, end it, and forget a sign-in that no other one uses."""
    if not await asyncio.wrap_future(service.tools.host.remove(name)):
        raise InvalidRequestError(f"There is no server {name}.", param="name")
    return await list_servers(service)


@router.post("/servers/restart")
async def restart(body: ToolServerBody, service: ServiceDep) -> Json:
    """End a server; it starts again when its tools are needed."""
    await asyncio.wrap_future(service.tools.host.restart(body.name))
    return await list_servers(service)


@router.post("/servers/login")
async def login(body: ToolServerBody, request: Request, service: ServiceDep) -> Response:
    """Have a person sign in to a server: the address to open, then what came of it."""
    return streaming(request, _login_events(service, body.name))


@router.post("/servers/logout")
async def logout(body: ToolServerBody, service: ServiceDep) -> Json:
    """Forget what signing in to a server has given, and end it."""
    from ....tools.transports import ToolServerError

    try:
        await asyncio.wrap_future(service.tools.host.sign_out(body.name))
    except ToolServerError as error:
        raise InvalidRequestError(str(error), param="name") from None
    return await list_servers(service)


@router.get("")
async def list_tools(server: Parameter, service: ServiceDep) -> Json:
    """The tools of a server, which is started for it, with their consent."""
    tools = await _tools_of(service, server)
    return await asyncio.to_thread(_told_tools, tools)


@router.get("/log")
async def log(server: Parameter, service: ServiceDep) -> Json:
    """What a server has written lately."""
    return {"log": await asyncio.to_thread(service.tools.host.log, server)}


@router.put("/consent")
async def consent(body: ConsentBody, service: ServiceDep) -> Json:
    """Say when a tool may run."""
    from ....tools.consent import Consents

    tools = await _tools_of(service, body.server)
    tool = _named(tools, body.tool)
    await asyncio.to_thread(Consents().save, tool, body.consent)
    return await asyncio.to_thread(_told_tools, tools)


@router.get("/builtin")
async def list_built_in() -> Json:
    """Which of the program's own tools that reach further are on; `sandbox`: code can run here."""
    return await asyncio.to_thread(_built_in)


@router.put("/builtin")
async def switch_built_in(body: BuiltInBody) -> Json:
    """Turn one on or off; `folders` are those whose files may be read."""
    await asyncio.to_thread(_switch, body)
    return await list_built_in()


@router.post("/calls")
async def call(body: CallBody, request: Request, service: ServiceDep) -> Response:
    """Run a tool: whoever may ask for it here has thereby allowed it. Progress, then the result."""
    from ....tools.toolbox import Toolbox

    tool = _named(await _tools_of(service, body.server), body.tool)
    if tool.fault is not None:
        raise InvalidRequestError(f"{tool.name} cannot be called: {tool.fault}.", param="tool")
    checked = Toolbox([tool]).arguments(tool, json.dumps(body.arguments))
    if checked.fault is not None:
        raise InvalidRequestError(checked.fault, param="arguments")
    return streaming(request, _call_events(service, tool, checked.value))


async def _call_events(
    service: Service, tool: Tool, arguments: Json
) -> AsyncGenerator[bytes, None]:
    news: asyncio.Queue[Json | None] = asyncio.Queue()

    def on_progress(done: float, total: float | None, message: str | None) -> None:
        news.put_nowait({"done": done, "total": total, "message": message})

    running = asyncio.create_task(service.tools.run(tool, arguments, on_progress))
    running.add_done_callback(lambda _: news.put_nowait(None))
    try:
        while (progress := await news.get()) is not None:
            yield sse(progress, "progress")
        yield sse(_told_outcome(running.result()), "result")
    finally:
        running.cancel()


async def _login_events(service: Service, name: str) -> AsyncGenerator[bytes, None]:
    news: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def show(address: str) -> None:
        loop.call_soon_threadsafe(news.put_nowait, address)

    signing = asyncio.wrap_future(service.tools.host.sign_in(name, show))
    signing.add_done_callback(lambda _: news.put_nowait(None))
    try:
        while (address := await news.get()) is not None:
            yield sse({"url": address}, "address")
        error = signing.exception()
        if error is not None and not isinstance(error, Qwen3MLXError):
            raise error
        yield sse({"error": error and str(error)}, "result")
    finally:
        signing.cancel()


async def _tools_of(service: Service, server: str) -> list[Tool]:
    found = await asyncio.wrap_future(service.tools.host.tools([server]))
    if found.faults:
        from ....tools.transports import ToolServerError

        if server in service.tools.host.servers().servers:
            raise ToolServerError(found.faults[0])
        raise InvalidRequestError(found.faults[0], param="server")
    for note in found.notes:
        warn(f"server: {note}")
    return found.tools


def _named(tools: list[Tool], name: str) -> Tool:
    for tool in tools:
        if tool.name == name:
            return tool
    raise InvalidRequestError(f"The server has no tool {name}.", param="tool")


def _servers(service: Service) -> Json:
    host = service.tools.host
    read = host.servers()
    return {
        "path": str(host.file.path),
        "servers": [
            {
                "name": status.config.name,
                "command": status.config.command,
                "args": list(status.config.args),
                "url": status.config.url,
                "variables": list(status.config.env or status.config.headers),
                "disabled": status.config.disabled,
                "state": status.state,
                "error": status.error,
                "note": status.note,
                "wants_sign_in": status.wants_sign_in,
                "is_signed_in": status.is_signed_in,
                "num_tools": None if status.tools is None else len(status.tools),
            }
            for status in host.status()
        ],
        "faults": [fault._asdict() for fault in (*read.faults, *read.notes)],
    }


def _switch(body: BuiltInBody) -> None:
    from ....tools.builtin.turned_on import turn_off, turn_on

    if not body.enabled:
        turn_off(body.name)
        return
    try:
        turn_on(body.name, body.folders)
    except UsageError as error:
        raise InvalidRequestError(str(error), param="folders") from None


def _built_in() -> Json:
    from ....tools.builtin.python_code import has_sandbox
    from ....tools.builtin.turned_on import turned_on

    on = turned_on()
    return {
        "fetch_page": on.fetch_page,
        "run_python": on.run_python,
        "folders": [str(folder) for folder in on.folders],
        "sandbox": has_sandbox(),
    }


def _told_tools(tools: list[Tool]) -> Json:
    from ....tools.consent import Consents

    choices = Consents().choices(tools)
    return {
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "schema": dict(tool.schema),
                "consent": choices[tool],
                "fault": tool.fault,
            }
            for tool in tools
        ]
    }


def _told_outcome(outcome: Outcome) -> dict[str, Any]:
    return {"status": outcome.status, "text": outcome.text, "seconds": outcome.seconds}
