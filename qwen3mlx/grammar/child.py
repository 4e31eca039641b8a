"""The process that knows a vocabulary, and the copies it forks, one per answer.

The operating system enforces a copy's limits, if necessary by killing it. See `process`.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from ..errors import InvalidRequestError
from ..text import load_tokenizer
from ..thought import Thought
from .answer_check import AnswerCheck
from .ceiling import Ceiling
from .constraint import Constraint
from .grammar import Grammar, GrammarTokenizer
from .source import answer_grammar
from .wire import Demand, Limits

READY = b"\n"
# Warnings reported per request.
MAX_WARNINGS = 50


def main() -> None:
    """Serve the socket on standard input: first a vocabulary, then a socket for each answer."""
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    control = socket.socket(fileno=0)
    with control.makefile("rb") as lines:
        said = json.loads(lines.readline())
    limits = Limits(**said.pop("limits"))
    tokenizer = _vocabulary(**said)
    gc.collect()
    gc.freeze()  # keep the memory shared with the copies untouched
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(READY)
    while True:
        message, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        _start(handles[0], control, tokenizer, limits)


def _start(
    handle: int, control: socket.socket, tokenizer: GrammarTokenizer, limits: Limits
) -> None:
    """Fork a copy that serves `handle`. If the system has no processes left, exit."""
    if os.fork() == 0:
        control.close()
        _serve(Connection(handle), tokenizer, limits)
    os.close(handle)


def _vocabulary(folder: str, vocab_size: int, stop_ids: list[int]) -> GrammarTokenizer:
    tokenizer = load_tokenizer(folder)
    return GrammarTokenizer(
        [tokenizer.token_bytes(i) for i in range(vocab_size)],
        marker_ids=tokenizer.added_ids,
        stop_ids=stop_ids,
        encode=tokenizer.encode,
    )


def _serve(connection: Connection, tokenizer: GrammarTokenizer, limits: Limits) -> None:
    """Serve one answer: its demand first, then its tokens."""
    try:
        _Answer(connection, tokenizer, limits, Ceiling(limits.num_bytes)).run()
    except (EOFError, OSError, MemoryError):
        pass  # the parent is gone, or is waiting for this process to exit
    finally:
        os._exit(0)


class _Answer:
    def __init__(
        self,
        connection: Connection,
        tokenizer: GrammarTokenizer,
        limits: Limits,
        ceiling: Ceiling,
    ) -> None:
        self._connection = connection
        self._tokenizer = tokenizer
        self._limits = limits
        self._ceiling = ceiling
        self._mask: bytes | None = None

    def run(self) -> None:
        demand = Demand.from_json(self._connection.recv_bytes())
        try:
            with _computing(self._limits.compile_seconds):
                constraint = self._compiled(demand)
                self._say({"grown_bytes": self._ceiling.grown_bytes})
                self._ceiling.lower(self._limits.answer_bytes)
                self._tell(constraint, 0)
            self._follow(constraint, demand.param)
        except InvalidRequestError as error:
            self._say({"error": str(error), "param": error.param})
        except (EOFError, OSError, MemoryError):
            raise
        except Exception:
            self._say({"fault": traceback.format_exc()})

    def _compiled(self, demand: Demand) -> Constraint:
        source = answer_grammar(
            demand.tools,
            tool_choice=demand.tool_choice,
            tool_name=demand.tool_name,
            parallel=demand.parallel,
            json_schema=demand.json_schema,
            strict=demand.strict,
            form=demand.form,
            call_format=demand.call_format,
            call_ids=demand.call_ids,
            on_field=self._tell_field,
        )
        if source is None:
            raise ValueError("the answer has no constraints")
        self._tell_field(demand.param)
        grammar = Grammar(
            self._tokenizer,
            source.lark,
            fields=source.fields,
            trigger_id=source.trigger_id,
            repeats=source.repeats,
        )
        self._say({"warnings": source.warnings[:MAX_WARNINGS]})
        if len(source.warnings) > MAX_WARNINGS:
            more = len(source.warnings) - MAX_WARNINGS
            self._say({"warnings": [f"{demand.param}: {more} more parts are not enforced."]})
        check = AnswerCheck(source.answer, source.calls, demand.call_format)
        return Constraint(
            grammar,
            thought=Thought(demand.reasoning, *demand.think_ids),
            check=check if source.answer is not None or source.calls else None,
            call_ids=demand.call_ids,
        )

    def _follow(self, constraint: Constraint, param: str) -> None:
        """Follow the tokens. Raises InvalidRequestError if together they take too long."""
        left = self._limits.answer_seconds
        while True:
            token_id = int.from_bytes(self._connection.recv_bytes(8), "little")
            before = time.process_time()
            left += self._limits.more_per_token
            with _computing(self._limits.token_seconds):
                taken_back = constraint.observe(token_id)
                self._tell(constraint, taken_back)
            left -= time.process_time() - before
            if left < 0:
                raise InvalidRequestError(self._limits.exceeded(param), param=param)

    def _tell(self, constraint: Constraint, taken_back: int) -> None:
        mask = constraint.mask()
        is_same = mask is self._mask
        said = {
            "taken_back": taken_back,
            "is_unchecked": constraint.is_unchecked,
            "waits_for": constraint.waits_for,
            "mask": "same" if is_same else "none" if mask is None else "new",
        }
        self._say(said)
        if mask is not None and not is_same:
            self._connection.send_bytes(mask)
        self._mask = mask

    def _tell_field(self, field: str) -> None:
        self._say({"field": field})

    def _say(self, said: dict[str, Any]) -> None:
        self._connection.send_bytes(json.dumps(said).encode())


@contextmanager
def _computing(seconds: float) -> Iterator[None]:
    """Kill the process with SIGPROF after this much CPU time, whatever it is doing."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
