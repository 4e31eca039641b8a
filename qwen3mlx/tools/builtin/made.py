"""A function as a tool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from ..mcp_json import BUILT_IN
from ..outcome import Outcome
from ..toolbox import Progress, Tool


class ToolFault(Exception):
    """A call cannot be fulfilled; the text tells the model why."""


class BuiltIn(NamedTuple):
    """`work` gets the arguments, which fit `properties`, on a thread of its own."""

    name: str
    description: str
    properties: Mapping[str, Any]
    required: tuple[str, ...]
    work: Callable[[Mapping[str, Any]], str]
    unasked: Literal["ask", "always"] = "ask"
    is_read_only: bool = True


def made(tool: BuiltIn) -> Tool:
    """The tool that a host runs."""

    async def run(arguments: Mapping[str, Any], seconds: float, on_progress: Progress) -> Outcome:
        begin = time.monotonic()
        try:
            work = asyncio.to_thread(tool.work, arguments)
            outcome = Outcome("ok", await asyncio.wait_for(work, seconds))
        except asyncio.TimeoutError:
            outcome = Outcome("timeout", f"(The tool took longer than {seconds:g} seconds.)")
        except ToolFault as fault:
            outcome = Outcome("error", str(fault))
        return outcome._replace(seconds=time.monotonic() - begin)

    schema = {
        "type": "object",
        "properties": dict(tool.properties),
        "required": list(tool.required),
        "additionalProperties": False,
    }
    return Tool(
        BUILT_IN,
        tool.name,
        run,
        tool.description,
        schema,
        unasked=tool.unasked,
        is_read_only=tool.is_read_only,
    )
