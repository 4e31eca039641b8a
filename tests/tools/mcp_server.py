"""An MCP server with good and bad tools, on stdio or, with a port as its argument, over HTTP.

The variable FAULT makes it bad from the start: exit, hang, garbage, flood, noise, orphan.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from typing import Any

FAULT = os.environ.get("FAULT", "")


def misbehave() -> None:
    """Do what FAULT says; `main` goes on after noise and orphan."""
    if FAULT == "exit":
        print("cannot find my configuration", file=sys.stderr)
        sys.exit(7)
    if FAULT == "hang":
        time.sleep(3600)
    if FAULT == "garbage":
        for number in range(10**9):
            print(f"Welcome number {number} \x1b[31m!", flush=True)
    if FAULT == "flood":
        while True:
            print('{"jsonrpc": "2.0", "method": "notifications/message", "params": '
                  '{"level": "info", "data": "flood"}}')  # fmt: skip
    if FAULT == "endless":
        while True:
            sys.stdout.write("{" + "x" * 10**6)
    if FAULT == "noise":
        print("Starting up ...", flush=True)
        print("a warning \x1b[31mred", file=sys.stderr, flush=True)
    if FAULT == "orphan":
        # A launcher as npx is one: it starts a program that ignores all requests to end.
        code = "import signal, time; signal.signal(15, 1); print('up'); time.sleep(3600)"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
        print(f"child {child.pid}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    misbehave()  # before the imports, which take a second

from mcp.server.mcpserver import Context, MCPServer  # noqa: E402
from mcp_types import ImageContent, TextContent  # noqa: E402


def main() -> None:
    server = MCPServer("test-server")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    async def slow(seconds: float, ctx: Context) -> str:
        """Wait, and tell how far it is."""
        for step in range(4):
            await ctx.report_progress(step, 4, f"step {step}")
            await asyncio.sleep(seconds / 4)
        return "waited"

    @server.tool()
    def fail(text: str = "no luck") -> str:
        """Fail."""
        raise ValueError(text)

    @server.tool(structured_output=False)
    def huge(characters: int) -> str:
        """Return a long text."""
        return "x" * characters

    @server.tool(structured_output=False)
    def echo(text: str) -> str:
        """Return the text."""
        return text

    @server.tool(structured_output=False)
    def picture() -> list[Any]:
        """Return a picture and a caption."""
        return [
            ImageContent(type="image", data="A" * 4000, mime_type="image/png"),
            TextContent(type="text", text="a caption"),
        ]

    @server.tool()
    def environment() -> list[str]:
        """The names of the variables that the server has, and its folder."""
        return [*sorted(os.environ), os.getcwd()]

    @server.tool()
    def leave(code: int = 3) -> str:
        """End the server without an answer."""
        print("last words", file=sys.stderr, flush=True)
        os._exit(code)

    @server.tool()
    async def change(ctx: Context) -> str:
        """Replace the tool `add` by `subtract`."""

        def subtract(a: int, b: int) -> int:
            return a - b

        server.remove_tool("add")
        server.add_tool(subtract)
        await ctx.notify_tools_changed()
        await ctx.session.send_tool_list_changed()
        return "changed"

    if len(sys.argv) > 1:
        server.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()


if __name__ == "__main__":
    main()
