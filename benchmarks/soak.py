"""Many requests of all kinds at once, some cancelled, invalid or made to fail."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from .process import REPOSITORY, environment
from .report import Report, Row, Target, parser_of, publish
from .serving_client import HOST, free_port
from .soak_requests import Request, answer_of, answerable, assembled, is_error, long, mixed
from .stats import Summary

COUNT, LONG_COUNT, AT_A_TIME, SEED = 2_000, 10_000, 16, 1
HUNG_S = 120.0
NONE, FLAT_MB = Target("<=", 0), Target("<=", 30)

CORRECT, ERROR, CUT = "correct", "error", "cut"

Json = dict[str, Any]


class Wrong(Exception):
    """An answer that is neither correct nor a proper error."""


@dataclass
class Outcome:
    """The results of the requests; `memory` is the server's RSS in MB, in order.

    `good` counts, for each kind, the ways in which its requests ended correctly.
    """

    good: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    left: Json = field(default_factory=dict)
    alive: bool = False

    def total(self, ending: str) -> int:
        return sum(endings[ending] for endings in self.good.values())

    def quarter(self, number: int) -> list[float]:
        """RSS during that quarter of the requests, from 0."""
        size = len(self.memory) // 4
        return self.memory[number * size : (number + 1) * size]


class Soak:
    """Requests to the server at `port`, each checked against its answer when run alone.

    `alone` holds those answers, once they are known.
    """

    def __init__(self, port: int, process: psutil.Process) -> None:
        self._port = port
        self._process = process
        self._lock = threading.Lock()
        self.alone: dict[bytes, Json] = {}

    def learn(self) -> None:
        """Get each answer that will be checked, one request at a time."""
        for request in answerable() + long():
            self.alone[_key(request)] = answer_of(request.path, self._whole(request))

    def run(self, count: int, *, seed: int = SEED) -> Outcome:
        outcome = Outcome()
        with ThreadPoolExecutor(AT_A_TIME) as workers:
            for number, request in enumerate(mixed(count, seed=seed)):
                workers.submit(self._one, request, random.Random(number), outcome)
        outcome.left = self._left()
        first = answerable()[0]
        again = answer_of(first.path, self._whole(first))
        outcome.alive = self._get("/health")[0] == 200 and again == self.alone[_key(first)]
        return outcome

    def _one(self, request: Request, chooser: random.Random, outcome: Outcome) -> None:
        what = f"{request.kind} {request.path} {request.content[:200]!r}"
        start = time.perf_counter()
        fault, ending = None, ""
        try:
            ending = self._ending(request, chooser)
        except Exception as error:
            fault = f"{what}: {type(error).__name__}: {error}"
        with self._lock:
            if time.perf_counter() - start > HUNG_S:
                outcome.hung.append(what)
            elif fault:
                outcome.wrong.append(fault)
            else:
                outcome.good[request.kind][ending] += 1
            outcome.memory.append(self._process.memory_info().rss / 1e6)

    def _ending(self, request: Request, chooser: random.Random) -> str:
        """Return how the request ended. Raises Wrong if it should not have ended that way."""
        if request.expected == "cut":
            self._cut(request, chooser.randrange(12))
            return CUT
        if request.expected == "fault" and request.streams:
            last = deque(self._events(request), maxlen=1)
            if not last or not is_error(request.path, last[0]):
                raise Wrong(f"no error at the end of the stream: {last}")
            return ERROR
        if request.status != 200:
            self._whole(request)
            return ERROR
        if request.streams:
            got = assembled(request.path, self._events(request))
        else:
            got = answer_of(request.path, self._whole(request))
        if got != self.alone[_key(request)]:
            raise Wrong(f"{got} instead of {self.alone[_key(request)]}")
        return CORRECT

    def _whole(self, request: Request) -> Json:
        with self._asked(request) as response:
            body: Json = json.loads(response.read())
        if response.status != request.status:
            raise Wrong(f"{response.status}: {body}")
        if request.status != 200 and not is_error(request.path, body):
            raise Wrong(f"not the dialect's error: {body}")
        return body

    def _events(self, request: Request) -> Iterator[Json]:
        with self._asked(request) as response:
            if response.status != 200:
                # A fault before the first token is returned with its status.
                body = json.loads(response.read())
                if request.expected != "fault":
                    raise Wrong(f"{response.status}: {body}")
                yield body
                return
            for line in response:
                line = line.removeprefix(b"data: ")
                if line.startswith(b"{"):
                    yield json.loads(line)

    def _cut(self, request: Request, num_lines: int) -> None:
        with self._asked(request) as response:
            if response.status != 200:
                raise Wrong(f"{response.status}: {response.read()!r}")
            for _ in range(num_lines):
                response.readline()

    @contextmanager
    def _asked(self, request: Request) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=HUNG_S)
        try:
            connection.request("POST", request.path, request.content)
            yield connection.getresponse()
        finally:
            connection.close()

    def _get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=HUNG_S)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def _left(self) -> Json:
        """Return the running and waiting requests, after giving cancelled ones a moment to end."""
        for _ in range(100):
            left = {
                line.split()[0].removeprefix("qwen3mlx_"): float(line.split()[1])
                for line in self._get("/metrics")[1].splitlines()
                if line.startswith(("qwen3mlx_running_requests", "qwen3mlx_waiting_requests"))
            }
            if not any(left.values()):
                break
            time.sleep(0.1)
        return left


@contextmanager
def soaked() -> Iterator[Soak]:
    """Yield a server with injected faults, in its own process."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.soak_server", str(port)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise Wrong("the server did not start")
            yield Soak(port, psutil.Process(process.pid))
        finally:
            process.terminate()


def run(repeats: int | None = None) -> Report:
    count = repeats or COUNT
    with soaked() as soak:
        soak.learn()
        outcome = soak.run(count)
    for fault in [*outcome.wrong, *outcome.hung][:20]:
        print(fault, file=sys.stderr)
    return Report(
        scenario="soak",
        setup=(
            f"{count:,} requests of mixed kinds to `qwen3mlx serve` with the demo checkpoint, "
            f"{AT_A_TIME} at a time. Each complete answer, streamed or not, must equal the one "
            "generated alone before; bad requests and injected faults must end in the dialect's "
            "own error; cut ones are cancelled after 0 to 11 lines."
        ),
        rows=[
            _total("correct answers", outcome.total(CORRECT)),
            _total("proper errors", outcome.total(ERROR)),
            _total("cut by the client", outcome.total(CUT)),
            _none("wrong answers and improper errors", outcome.wrong),
            _none(f"hung: no end after {HUNG_S:g} s", outcome.hung),
            _none("left in the engine", [n for n in outcome.left.values() if n]),
            _none("engine threads that died", [] if outcome.alive else ["it"]),
            _growth(outcome),
        ],
        notes=[
            f"{kind}: {', '.join(f'{n} {ending}' for ending, n in sorted(endings.items()))}."
            for kind, endings in sorted(outcome.good.items())
        ],
    )


def _key(request: Request) -> bytes:
    """Return the same key for a request and its stream."""
    assert isinstance(request.body, dict)
    body = {**request.body, "stream": False}
    return request.path.encode() + json.dumps(body, sort_keys=True).encode()


def _total(metric: str, number: int) -> Row:
    return Row(metric, "requests", Summary.of([number]), None, number, None, "count")


def _none(metric: str, found: Sequence[object]) -> Row:
    return Row(metric, "count", Summary.of([len(found)]), None, len(found), NONE, "count")


def _growth(outcome: Outcome) -> Row:
    second, last = outcome.quarter(1), outcome.quarter(3)
    growth = statistics.median(last) - statistics.median(second)
    metric = "RSS in the last quarter; its growth since the second"
    return Row(metric, "MB", Summary.of(last), None, growth, FLAT_MB, "MB")


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG_COUNT:,} requests")
    options = parser.parse_args()
    publish(run(LONG_COUNT if options.long else options.repeats), save=options.save)
