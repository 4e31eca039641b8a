"""The server as a process: it listens, announces its URL, and stops on request."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from ..errors import ConfigurationError, UnavailableError
from ..settings.admin_token import AdminToken
from ..settings.state import keep_private
from . import bounds
from .allocator import return_large_blocks
from .app import LateApi, create_app
from .core.service import Service
from .dialects import OPENAI
from .http.crowd import Crowd, raise_descriptor_limit
from .http.http1 import Protocol
from .http.keys import Keys, KeyStore, warn_of_unscoped
from .http.listening import listen, url_of
from .http.logs import log_to_stderr
from .http.safe_headers import SAFE_HEADERS
from .http.websocket import WebSocketRefusal
from .settings import ServerSettings

# Seconds that running requests have to finish.
SHUTDOWN_PATIENCE = 3
# Seconds that handlers have to finish once their connections are closed.
DROP_PATIENCE = 1
# Seconds before uvicorn would close idle connections: `Protocol` does that.
NEVER = 10**6
# Connections that the system may hold for us, and how many are accepted at a time.
BACKLOG, AT_A_TIME = 1024, 64
# Seconds that a thread may hold the interpreter while others wait. The event loop waits often, and
# with the default of 0.005 `/health` took 46 ms, not 18, beside 18 large bodies.
SWITCH_INTERVAL = 0.001
# Seconds after the server is ready: who has waited for that comes first.
REHEARSE_AFTER = 0.5
# Characters of a key that is not easily guessed.
LEAST_KEY = 20

logger = logging.getLogger(__name__)


def serve(settings: ServerSettings) -> None:
    """Serve until SIGINT or SIGTERM.

    When the server is ready and `settings.model` is loaded, a single line `{"url": ...}` is written
    to stdout; it also has `"taken_port"` if `settings.port` is in use and a free one is used. The
    log goes to stderr. Raises ListenError if the port is taken, and whatever loading the model
    raises.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    return_large_blocks()
    log_to_stderr()
    raise_descriptor_limit()
    keep_private()
    warn_if_open(settings)
    warn_of_unscoped(KeyStore())
    server = Server(settings, on_ready=partial(_ready, settings.port))
    asyncio.run(server.serve_until_told())


def warn_if_open(settings: ServerSettings) -> None:
    """A server that others can reach should require a key that is hard to guess."""
    if not (settings.is_loopback or settings.api_key or KeyStore().keys()):
        logger.warning("Anyone on the network can use this server; --api-key requires a key.")
    if not settings.is_loopback and any(len(key) < LEAST_KEY for key in settings.api_key):
        logger.warning("An API key is easy to guess: `qwen3mlx keys create NAME` makes a long one.")


class Server(uvicorn.Server):
    """One service at one address; `url` has the real port even if port 0 was requested.

    `on_ready(url)` is called once it accepts requests and `settings.model` is loaded.
    """

    def __init__(self, settings: ServerSettings, on_ready: Callable[[str], None]) -> None:
        self.settings = settings
        self._on_ready = on_ready
        self.service = Service(settings)
        self._failure: Exception | None = None
        self._is_stuck = False
        app = create_app(self.service, settings)
        self._keys: Keys = app.state.keys
        self._api: LateApi = app.state.api
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=Protocol,
                ws=WebSocketRefusal,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                headers=list(SAFE_HEADERS),
                backlog=AT_A_TIME,
                timeout_keep_alive=NEVER,
                h11_max_incomplete_event_size=bounds.MAX_HEAD,
                timeout_graceful_shutdown=SHUTDOWN_PATIENCE + DROP_PATIENCE,
            )
        )
        self.crowd = Crowd(settings.max_connections)
        self.server_state = self.crowd
        self._short_until = 0.0
        self._sockets = listen(settings.host, settings.port, fallback=settings.port_fallback)
        self.url = url_of(self._sockets[0])
        self._admin_token = AdminToken(self.url)

    def close(self) -> None:
        """Release the port of a server that was never started."""
        for listening in self._sockets:
            listening.close()

    async def serve_until_told(self) -> None:
        """Raises whatever loading `settings.model` raised."""
        if self.settings.exit_with_parent:
            self._watch_parent(asyncio.get_running_loop())
        await self.serve(sockets=self._sockets)
        if self._failure is not None:
            raise self._failure

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(self._hear_of_fault)
        await super().startup(sockets)
        for listening in self._sockets:
            listening.listen(BACKLOG)
        self._announcement = asyncio.create_task(self._announce())

    async def on_tick(self, counter: int) -> bool:
        """Stops the process with an error if the engine is gone, so that it can be restarted.

        uvicorn calls this every tenth of a second.
        """
        if counter % 10 == 0:
            self.crowd.check()
        engine = self.service.engine
        trouble = None if self.should_exit else engine.trouble
        if trouble and not engine.is_alive:
            self._failure = UnavailableError(trouble)
            return True
        if trouble and not self._is_stuck:
            logger.error("%s", trouble)
        self._is_stuck = trouble is not None
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Running streams get an error event before their connections are closed."""
        self._announcement.cancel()
        self._admin_token.remove()
        for server in self.servers:
            server.close()
        await self.service.stop()
        loop = asyncio.get_running_loop()
        end_of_patience = loop.call_later(SHUTDOWN_PATIENCE, self._drop_connections)
        await super().shutdown(sockets)
        end_of_patience.cancel()
        if self.force_exit:  # a second Ctrl-C, after which uvicorn waits for nothing
            self._drop_connections()
            if tasks := list(self.crowd.tasks):
                await asyncio.wait(tasks, timeout=DROP_PATIENCE)
            await self.lifespan.shutdown()

    def _drop_connections(self) -> None:
        """Handlers see a disconnect; if they were cancelled, they would log a traceback."""
        for connection in list(self.crowd.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def _announce(self) -> None:
        try:
            token = asyncio.to_thread(self._make_admin_token)
            # Most clients use this dialect: import it while the model loads.
            dialect = self._api.including([OPENAI])
            await asyncio.gather(token, dialect, self._load_model())
        except Exception as error:  # any failure must stop the server, not just this task
            self._failure, self.should_exit = error, True
            return
        self._on_ready(self.url)
        await asyncio.sleep(REHEARSE_AFTER)
        await self.service.rehearse()

    async def _load_model(self) -> None:
        if self.settings.model is not None:
            await self.service.load(self.settings.model, on_progress=_Progress())

    def _make_admin_token(self) -> None:
        """Without a token, only the app and admin keys may do everything."""
        try:
            self._admin_token.make()
        except (ConfigurationError, OSError) as error:
            logger.warning("The command line cannot manage this server. %s", error)
        else:
            self._keys.trust("the command line", self._admin_token.secret)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's version raises the signal again at the end: the exit code would not be 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def _hear_of_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Out of descriptors, asyncio reports this many times, and tries again in a second."""
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)):
            loop.default_exception_handler(context)
        elif loop.time() >= self._short_until:
            self._short_until = loop.time() + 1
            logger.error("Cannot accept connections: %s.", error.strerror)
            self.crowd.make_room()

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        """The parent process holds the other end of stdin."""

        def wait() -> None:
            # Not sys.stdin.read: its lock would still be held when the interpreter exits.
            while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
                pass
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.handle_exit, signal.SIGTERM, None)

        threading.Thread(target=wait, name="qwen3mlx-parent", daemon=True).start()


def _ready(port: int, url: str) -> None:
    """Announce the URL; `port` is the one that was asked for."""
    # Everything allocated so far stays: exclude it from garbage collection.
    gc.freeze()
    gc.enable()
    told: dict[str, Any] = {"url": url}
    if port and urlsplit(url).port != port:
        told["taken_port"] = port
    line = json.dumps(told) + "\n"
    try:
        os.write(sys.stdout.fileno(), line.encode())
    except OSError as error:
        logger.warning("Could not write the URL to stdout: %s.", error.strerror)


class _Progress:
    """Logs each tenth of the model; the engine logs when it is complete."""

    def __init__(self) -> None:
        self._tenths = 0

    def __call__(self, progress: float) -> None:
        if self._tenths < int(progress * 10) < 10:
            self._tenths = int(progress * 10)
            logger.info("loading the model: %d%%", self._tenths * 10)
