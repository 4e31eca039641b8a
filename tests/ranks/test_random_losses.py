"""A server whose ranks are killed or suspended at random moments, while clients wait.

Each moment follows from its seed, which is the name of its test: `-k "[7]"` repeats the seventh.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, NamedTuple

import httpx
import numpy as np
import pytest

from qwen3mlx.ranks.group import START_PATIENCE
from tests.cli.conftest import Serve

from .support import is_running, ranks_of, wait

# Seconds in which a client has to know what became of its request.
PATIENCE = 10.0
# Seconds of a test that has failed.
LONG = 200.0
# Seconds after which a client that was refused comes again, sooner than it is told to.
PAUSE = 0.5
WELL = '{"status":"ok"}'
LOST = '{{"status":"demo: rank {} on this computer was lost. It is loaded again."}}'
WORDS = ["The", "sun", "rose", "over", "a", "small", "town", "once", "again", "and", "set"]
Phase = Literal["prefill", "decode", "embed", "load"]
PHASES: tuple[Phase, ...] = ("prefill", "decode", "embed", "load")
# The longest text of a request, in words.
WORDS_OF = {"prefill": 200, "decode": 20, "embed": 200, "load": 20}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Moment(NamedTuple):
    """Rank `victim` gets `number`, `delay` seconds after the `phase` has begun."""

    phase: Phase
    victim: int
    number: signal.Signals
    delay: float
    bodies: list[dict[str, Any]]

    @classmethod
    def of(cls, seed: int) -> Moment:
        rng = random.Random(seed)
        phase = PHASES[seed % len(PHASES)]
        bodies = [_body(phase, rng) for _ in range(2)]
        number = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
        longest = 2.5 if phase == "load" else 0.5
        return cls(phase, rng.randrange(2), number, rng.uniform(0, longest), bodies)

    @property
    def patience(self) -> float:
        """A rank that is suspended before its first word may just be slow to start."""
        is_slow = self.phase == "load" and self.number == signal.SIGSTOP
        return PATIENCE + START_PATIENCE * is_slow


def _body(phase: Phase, rng: random.Random) -> dict[str, Any]:
    longest = WORDS_OF[phase]
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(longest // 2, longest))) for _ in range(4)]
    if phase == "embed":
        return {"input": texts}
    return {
        "prompt": texts[0],
        "max_tokens": rng.randint(60, 120) if phase == "decode" else rng.randint(5, 20),
        "stream": rng.random() < 0.8,
        "temperature": 0,
        "ignore_eos": True,
    }


class Attempt(NamedTuple):
    """A request from `begin` to `end`, with the answer until then; without `error`, all of it."""

    begin: float
    end: float
    text: str
    rows: list[list[float]]
    error: str | None

    def waited(self, lost: float, well: float) -> float:
        """Return the seconds from the loss to its error, or to a group that computes the answer."""
        told = self.end if self.error is not None else min(self.end, well)
        return max(0.0, told - max(self.begin, lost))


class Client:
    """Sends a request again until it is answered, as OpenAI's own clients do."""

    def __init__(self, url: str, body: dict[str, Any]) -> None:
        self.attempts: list[Attempt] = []
        self._url = f"{url}/v1/{'embeddings' if 'input' in body else 'completions'}"
        self._body = {"model": "demo", **body}
        self._text = ""
        self._rows: list[list[float]] = []

    @property
    def has_begun(self) -> bool:
        return bool(self._text or self.attempts) or not self._body.get("stream")

    def start(self, threads: ThreadPoolExecutor) -> None:
        self.answer = threads.submit(self.ask)

    def ask(self) -> Attempt:
        until = time.monotonic() + LONG
        while time.monotonic() < until:
            self.attempts.append(self._tried())
            if self.attempts[-1].error is None:
                break
            time.sleep(PAUSE)
        return self.attempts[-1]

    def _tried(self) -> Attempt:
        begin, error = time.monotonic(), None
        self._text, self._rows = "", []
        with httpx.stream("POST", self._url, json=self._body, timeout=LONG) as reply:
            assert (reply.status_code == 503) == ("Retry-After" in reply.headers)
            for line in reply.iter_lines():
                data = line.removeprefix("data: ")
                if data.startswith("{"):
                    error = self._hear(json.loads(data)) or error
        return Attempt(begin, time.monotonic(), self._text, self._rows, error)

    def _hear(self, said: dict[str, Any]) -> str | None:
        if "error" in said:
            assert said["error"]["code"] == "unavailable"
            return str(said["error"]["message"])
        self._text += said["choices"][0]["text"] if "choices" in said else ""
        self._rows += [each["embedding"] for each in said.get("data", ())]
        return None


class Watch:
    """All that `/health` says meanwhile, once each, and all ranks that are started."""

    def __init__(self, serve: Serve) -> None:
        self.said: list[str] = []
        self.ranks: set[int] = set()
        self._serve = serve
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            self.ranks |= set(ranks_of(self._serve))
            said = httpx.get(f"{self._serve.url}/health", timeout=PATIENCE).text
            if said not in self.said:
                self.said.append(said)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    home = tmp_path_factory.mktemp("shared")
    hosts = home / "macs.json"
    hosts.write_text(json.dumps([{"ssh": "127.0.0.1"}] * 2))
    serve = Serve(home, "--model", "demo", "--hosts", str(hosts))
    yield serve
    ranks = ranks_of(serve)
    serve.close()
    wait(lambda: not any(map(is_running, ranks)), PATIENCE)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    serve = Serve(tmp_path_factory.mktemp("alone"), "--model", "demo")
    yield serve
    serve.close()


def is_well(serve: Serve) -> bool:
    return httpx.get(f"{serve.url}/health", timeout=PATIENCE).text == WELL


def lose(serve: Serve, moment: Moment, clients: list[Client], threads: ThreadPoolExecutor) -> float:
    """Return when the group of the clients' requests has lost a rank."""
    pids = ranks_of(serve)
    if moment.phase == "load":
        os.kill(pids[1 - moment.victim], signal.SIGKILL)
        wait(lambda: not is_well(serve), PATIENCE)
    for client in clients:
        client.start(threads)
    if moment.phase == "decode":
        wait(lambda: all(client.has_begun for client in clients), LONG)
    if moment.phase == "load":
        old = set(pids)
        wait(lambda: len(set(ranks_of(serve)) - old) == 2, LONG)
        pids = [pid for pid in ranks_of(serve) if pid not in old]
    time.sleep(moment.delay)
    os.kill(pids[moment.victim], moment.number)
    lost = time.monotonic()
    wait(lambda: not any(map(is_running, pids)), moment.patience)
    wait(lambda: not is_well(serve), PATIENCE)
    return lost


def check(client: Client, expected: Attempt, lost: float, well: float) -> None:
    """It was told soon whenever it asked, and has the answer in the end."""
    last = client.answer.result(LONG)
    told = [f"{each.waited(lost, well):.1f} s: {each.error}" for each in client.attempts]
    for attempt in client.attempts:
        assert expected.text.startswith(attempt.text)
        assert attempt.waited(lost, well) < PATIENCE, told
    assert (last.error, last.text) == (None, expected.text)
    assert np.shape(last.rows) == np.shape(expected.rows)
    assert np.allclose(last.rows, expected.rows, rtol=0, atol=1e-5)
    print(*told, sep="\n")


@pytest.mark.parametrize("seed", range(16))
def test_a_lost_rank_at_a_random_moment(seed: int, shared: Serve, alone: Serve) -> None:
    moment = Moment.of(seed)
    print(moment._replace(bodies=[]))
    expected = [Client(alone.url, body).ask() for body in moment.bodies]
    clients = [Client(shared.url, body) for body in moment.bodies]
    with ThreadPoolExecutor(len(clients)) as threads, Watch(shared) as watch:
        lost = lose(shared, moment, clients, threads)
        wait(partial(is_well, shared), LONG)
        well = time.monotonic()
    print(*watch.said)
    for client, answer in zip(clients, expected, strict=True):
        check(client, answer, lost, well)
    assert set(watch.said) - {WELL} <= {LOST.format(0), LOST.format(1)}
    assert set(filter(is_running, watch.ranks)) == set(ranks_of(shared))
    assert len(ranks_of(shared)) == 2
