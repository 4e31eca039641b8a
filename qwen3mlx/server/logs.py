"""The server's log, on stderr: a line for each request, its prompt only when asked for."""

from __future__ import annotations

import logging
import sys
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .activity import Activity
from .errors import to_api_error
from .replies import ErrorReplies

# Of a body that is logged, so many bytes.
MAX_LOGGED = 10_000

logger = logging.getLogger(__name__)


def log_to_stderr() -> None:
    """For a process that is nothing but the server."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # What uvicorn says at this level is that it starts and stops.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class AccessLog:
    """Method, path, status and seconds of each request, when it is over; never its query.

    On stderr, and in `activity`, where the window looks.
    """

    def __init__(self, app: ASGIApp, activity: Activity, log_prompts: bool) -> None:
        self._app = app
        self._activity = activity
        self._log_prompts = log_prompts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, entry = time.perf_counter(), self._activity.begin(scope)
        question, answer = bytearray(), bytearray()

        async def watch_question() -> Message:
            message = await receive()
            self._keep(question, message)
            return message

        async def watch_answer(message: Message) -> None:
            entry.status = message.get("status", entry.status)
            self._keep(answer, message)
            await send(message)

        try:
            await self._app(scope, watch_question, watch_answer)
        finally:
            seconds = time.perf_counter() - start
            entry.ms = seconds * 1000
            self._activity.end(entry)
            shown = (scope["method"], _path(entry.path), entry.status or "-")
            logger.info("%s %s %s %.3f s", *shown, seconds)
            for name, body in (("asked", question), ("answered", answer)):
                if body:
                    logger.info("%s: %s", name, body.decode("utf-8", "backslashreplace"))

    def _keep(self, body: bytearray, message: Message) -> None:
        if self._log_prompts:
            body.extend(message.get("body", b"")[: MAX_LOGGED - len(body)])


class Faults:
    """A fault that nothing has foreseen is logged and answered; the connection stays."""

    def __init__(self, app: ASGIApp, errors: ErrorReplies) -> None:
        self._app = app
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await self._errors.send(to_api_error(error), scope, receive, send)


def _path(path: str) -> str:
    """A path may hold anything; a line of the log may not."""
    return path if path.isprintable() else repr(path)
