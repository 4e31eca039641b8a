"""The server as a process: it listens, says so, and ends when told to."""

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
from typing import Any

import uvicorn

from ..errors import ConfigurationError, UnavailableError
from ..settings.admin_token import AdminToken
from ..settings.state import keep_private
from . import bounds
from .app import create_app
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

# Seconds that running requests have to end.
SHUTDOWN_PATIENCE = 3
# Seconds that handlers have to end once their connections are gone.
DROP_PATIENCE = 1
# Seconds, of uvicorn's own patience: `Protocol` ends idle connections.
NEVER = 10**6
# Connections that the system may have accepted for us, and that we take from it at a time.
BACKLOG, AT_A_TIME = 1024, 64
# Characters of a key that is not soon guessed.
LEAST_KEY = 20

logger = logging.getLogger(__name__)


def serve(settings: ServerSettings) -> None:
    """Serve until SIGINT or SIGTERM.

    When it is ready, and `settings.model` is loaded, the one line `{"url": ...}` goes to stdout;
    the log goes to stderr. Raises ListenError when the port is taken, and what loading the model
    raises.
    """
    log_to_stderr()
    raise_descriptor_limit()
    keep_private()
    warn_if_open(settings)
    warn_of_unscoped(KeyStore())
    server = Server(settings, on_ready=_ready)
    asyncio.run(server.serve_until_told())


def warn_if_open(settings: ServerSettings) -> None:
    """A server that others can reach should ask them for a key, and one that nobody guesses."""
    if not (settings.is_loopback or settings.api_keys or KeyStore().keys()):
        logger.warning("Everyone on the network may use this server; --api-key asks for a key.")
    if not settings.is_loopback and any(len(key) < LEAST_KEY for key in settings.api_keys):
        logger.warning("An API key can be guessed: `qwen3mlx keys create NAME` makes a long one.")


class Server(uvicorn.Server):
    """One service at one address; `url` is where it is, also when port 0 was asked for.

    `on_ready(url)` is called when it answers and `settings.model` is loaded.
    """

    def __init__(self, settings: ServerSettings, on_ready: Callable[[str], None]) -> None:
        self.settings = settings
        self._on_ready = on_ready
        self.service = Service(settings)
        self._failure: Exception | None = None
        self._is_stuck = False
        app = create_app(self.service, settings)
        self._keys: Keys = app.state.keys
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
        self._sockets = listen(settings.host, settings.port)
        self.url = url_of(self._sockets[0])
        self._admin_token = AdminToken(self.url)

    def close(self) -> None:
        """Give the port back, for a server that is not started."""
        for listening in self._sockets:
            listening.close()

    async def serve_until_told(self) -> None:
        """Raises what loading `settings.model` raised."""
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
        """Ends it with an error where nothing could be answered any more: it can be started again.

        uvicorn asks every tenth of a second.
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
        if self.force_exit:  # by a second Ctrl-C, which uvicorn takes for the end of everything
            self._drop_connections()
            if tasks := list(self.crowd.tasks):
                await asyncio.wait(tasks, timeout=DROP_PATIENCE)
            await self.lifespan.shutdown()

    def _drop_connections(self) -> None:
        """Their handlers end as when a client has gone; cancelled ones would log a traceback."""
        for connection in list(self.crowd.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def _announce(self) -> None:
        try:
            token = asyncio.to_thread(self._make_admin_token)
            # Most clients speak it: it is read while the model is.
            dialect = asyncio.to_thread(OPENAI.load)
            await asyncio.gather(token, dialect, self._load_model())
        except Exception as error:  # whatever it is, it must not end with this task
            self._failure, self.should_exit = error, True
            return
        self._on_ready(self.url)

    async def _load_model(self) -> None:
        if self.settings.model is not None:
            await self.service.load(self.settings.model, on_progress=_Progress())

    def _make_admin_token(self) -> None:
        """Without one, the window and keys of the scope admin are all that may do everything."""
        try:
            self._admin_token.make()
        except (ConfigurationError, OSError) as error:
            logger.warning("The command line may not change this server. %s", error)
        else:
            self._keys.trust("the command line", self._admin_token.secret)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again at the end: the exit code would not be 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def _hear_of_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Without a descriptor asyncio says so many times over, and tries again in a second."""
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)):
            loop.default_exception_handler(context)
        elif loop.time() >= self._short_until:
            self._short_until = loop.time() + 1
            logger.error("No connection can be accepted: %s.", error.strerror)
            self.crowd.make_room()

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        """Whoever started the server holds the other end of its stdin."""

        def wait() -> None:
            # Not sys.stdin.read: its lock would be held while the interpreter ends.
            while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
                pass
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.handle_exit, signal.SIGTERM, None)

        threading.Thread(target=wait, name="qwen3mlx-parent", daemon=True).start()


def _ready(url: str) -> None:
    # What is there now stays: no collection has to look at it again.
    gc.freeze()
    gc.enable()
    line = json.dumps({"url": url}) + "\n"
    try:
        os.write(sys.stdout.fileno(), line.encode())
    except OSError as error:
        logger.warning("The line with the URL could not be written to stdout: %s.", error.strerror)


class _Progress:
    """A line of the log for each tenth of the model; the engine says when all of it is there."""

    def __init__(self) -> None:
        self._tenths = 0

    def __call__(self, progress: float) -> None:
        if self._tenths < int(progress * 10) < 10:
            self._tenths = int(progress * 10)
            logger.info("loading the model: %d%%", self._tenths * 10)
