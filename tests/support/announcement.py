"""The agent of Qwen3's announcement: it reads a page, and then the clock, through MCP servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from qwen3mlx.tools.consent import Consents
from qwen3mlx.tools.host import Host
from qwen3mlx.tools.mcp_json import McpFile

from .scripted import answer

# It is asked of a proxy on this computer, which has that page alone.
URL, ZONE = "http://harbor.com/news", "Asia/Tokyo"
NEWS = "The new lighthouse opens on Friday."
PAGE = f"<html><title>Harbor</title><body><article><h1>Harbor</h1><p>{NEWS}</p></article></body>"
QUESTION = f"Read {URL} and then tell me the time in {ZONE}."
LAST = "The lighthouse opens, and it is late in Tokyo."
SERVERS = ("fetch", "time")


def steps(*, in_full: bool = False) -> list[str]:
    """What a model writes that takes one step after the other; with the servers' names or not."""
    names = ("fetch.fetch", "time.get_current_time") if in_full else ("fetch", "get_current_time")
    return [
        answer(thoughts="First the page.", calls=[(names[0], {"url": URL})]),
        answer(thoughts="Now the clock.", calls=[(names[1], {"timezone": ZONE})]),
        answer(LAST, thoughts="Both are known."),
    ]


@contextmanager
def real_servers(python: Path) -> Iterator[None]:
    """Both servers in `mcp.json`, run by `python`, with all of their tools allowed."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == URL else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *_: Any) -> None:
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{proxy.server_port}"
    options = ["--ignore-robots-txt", "--allow-private-ips", "--proxy-url", address]
    try:
        for name, more in (("fetch", options), ("time", [])):
            entry = {"command": str(python), "args": ["-m", f"mcp_server_{name}", *more]}
            McpFile().add(name, entry)
        _allow()
        yield
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


def _allow() -> None:
    host = Host()
    try:
        found = host.tools(SERVERS).result(60)
        assert not found.faults
        for tool in found.tools:
            Consents().save(tool, "always")
    finally:
        host.close()
