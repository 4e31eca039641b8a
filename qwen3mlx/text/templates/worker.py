"""The child process that runs unknown chat templates. The operating system enforces its limits, if
necessary by killing the process.

Input is a line with the allowed seconds and a line of JSON; output is a line of JSON. The process
exits when its input ends. See `template_pool`.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qwen3mlx.errors import InvalidRequestError

from ..arguments import Arguments
from .fault import TemplateFault

if TYPE_CHECKING:
    from .jinja import JinjaTemplate

READY = b"\n"
# The exit code when memory runs out.
OUT_OF_MEMORY = 77


def memory_for(num_bytes: int) -> int:
    """Return the bytes that a render may use whose request line has `num_bytes`."""
    return (64 << 20) + 32 * num_bytes


def most_characters(num_bytes: int) -> int:
    """Return the maximum characters of the rendered text."""
    return (1 << 20) + 8 * num_bytes


def main() -> None:
    """Answer each line; the parent holds the other end of stdin."""
    sys.dont_write_bytecode = True
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    for seconds, line in zip(sys.stdin.buffer, sys.stdin.buffer, strict=False):
        try:
            with _limits(float(seconds), memory_for(len(line))):
                answer = _answer(json.loads(line), most_characters(len(line)))
                reply = json.dumps(answer).encode()
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        sys.stdout.buffer.write(reply + b"\n")
        sys.stdout.buffer.flush()


def _answer(request: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the reply to one request: `{"text"}`, `{"refusal"}` or `{"fault", "line"}`."""
    try:
        template = _compiled(request["template"])
        context = request["context"]
        if context is None:
            return {"text": ""}
        for message, call, text in request["arguments"]:
            _restore_arguments(context["messages"][message]["tool_calls"][call], text)
        return {"text": template.render(context, most=most)}
    except InvalidRequestError as error:
        return {"refusal": str(error)}
    except TemplateFault as fault:
        return {"fault": fault.reason, "line": fault.line}


@lru_cache(maxsize=16)
def _compiled(text: str) -> JinjaTemplate:
    from .jinja import JinjaTemplate

    return JinjaTemplate(text)


def _restore_arguments(call: dict[str, Any], text: str) -> None:
    """Restore Arguments, which JSON carries only as objects."""
    function = call.get("function", call)
    function["arguments"] = Arguments(function["arguments"], text)


@contextmanager
def _limits(seconds: float, num_bytes: int) -> Iterator[None]:
    """Kill the process with SIGPROF after this much CPU time, whatever it is doing."""
    _limit_address_space(num_bytes)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    _limit_address_space(resource.RLIM_INFINITY)


def _limit_address_space(num_bytes: int) -> None:
    """Limit memory to this much more than the idle process had. Only Linux enforces it."""
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = hard if num_bytes == resource.RLIM_INFINITY else _idle_address_space() + num_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


@lru_cache(maxsize=1)
def _idle_address_space() -> int:
    """Return the process's bytes before its first request."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
