"""A server on the loopback address for as long as a block lasts."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

Self = TypeVar("Self", bound="Loopback")


class Loopback(ABC):
    """What a fake hub begins with: `handler` answers, `url` is where."""

    @abstractmethod
    def handler(self) -> type[BaseHTTPRequestHandler]: ...

    def __enter__(self: Self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class QuietHandler(BaseHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, *args: object) -> None:
        pass
