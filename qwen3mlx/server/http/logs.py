"""The server's log on stderr: one line per request; prompts only with --log-prompts."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections import OrderedDict
from typing import Any, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...quoting import printable
from ..core.activity import Activity
from .error_responses import ErrorResponses
from .errors import to_api_error
from .keys import PREFIX

# Bytes of a body to log.
MAX_LOGGED = 10_000
# Seconds in which a warning or an error is not repeated, and how many are remembered.
QUIET, MAX_REMEMBERED = 60, 1000

_KEY = re.compile(rf"{re.escape(PREFIX)}[\w-]+")

logger = logging.getLogger(__name__)


def log_to_stderr() -> None:
    """Set up logging for the server's own process."""
    handler = LogHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    # At the level INFO, uvicorn only logs that it starts and stops.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class LogHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Logs each warning or error once a minute; the next one says how many were suppressed."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._told: OrderedDict[object, tuple[float, int]] = OrderedDict()

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        missed = getattr(record, "num_missed", 0)
        return f"{text} [repeated {missed} times]" if missed else text

    def filter(self, record: logging.LogRecord) -> Any:
        return super().filter(record) and self._is_news(record)

    def _is_news(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        now, key = time.monotonic(), _kind(record)
        since, missed = self._told.get(key, (now - QUIET, 0))
        if now - since < QUIET:
            self._told[key] = (since, missed + 1)
            return False
        self._told[key] = (now, 0)
        self._told.move_to_end(key)
        if len(self._told) > MAX_REMEMBERED:
            self._told.popitem(last=False)
        record.num_missed = missed
        return True


def _kind(record: logging.LogRecord) -> object:
    """Return equal values for records with the same message, raised at the same place."""
    error = record.exc_info[1] if record.exc_info else None
    trace = error.__traceback__ if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else None
    return record.name, record.getMessage(), type(error), place


class OneLine(logging.Formatter):
    """Writes a record as one line, with an indented traceback, and masks API keys.

    Nothing that a client or a model sends can look like a record of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        trace = self.formatException(record.exc_info).split("\n") if record.exc_info else []
        lines = [self.formatMessage(record), *(f"    {line}" for line in trace)]
        return _KEY.sub(f"{PREFIX}...", "\n".join(map(printable, lines)))


class AccessLog:
    """Logs method, path, status and seconds of each finished request; never its query.

    On stderr, and in `activity` for the window.
    """

    def __init__(self, app: ASGIApp, activity: Activity, log_prompts: bool) -> None:
        self._app = app
        self._activity = activity
        self._log_prompts = log_prompts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, entry = time.perf_counter(), self._activity.request_started(scope)
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
            self._activity.request_finished(entry)
            shown = (scope["method"], entry.path, entry.status or "-")
            logger.info("%s %s %s %.3f s", *shown, seconds)
            for name, body in (("request", question), ("response", answer)):
                if body:
                    logger.info("%s: %s", name, body.decode("utf-8", "backslashreplace"))

    def _keep(self, body: bytearray, message: Message) -> None:
        if self._log_prompts:
            body.extend(message.get("body", b"")[: MAX_LOGGED - len(body)])


class UnhandledErrors:
    """Logs unexpected errors and replies to them; the connection stays open."""

    def __init__(self, app: ASGIApp, errors: ErrorResponses) -> None:
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
