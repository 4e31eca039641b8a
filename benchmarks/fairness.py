"""A stream during each attack: its longest gap, and the speed it keeps."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import shutil
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from .report import Report, Row, Target, arguments, publish
from .serving_client import HOST, Server, ServerFailed, Streamed, started
from .serving_model import SMALL, Words, serving_checkpoint
from .stats import Summary

SHORT, TOKENS = 20, 12_000
SECONDS = 5.0
GAP = Target("<=", 300)
MEGABYTE = 1_000_000
NUM_IDLE, NUM_SLOW, NUM_UNFINISHED = 500, 16, 32

Json = dict[str, Any]
# Called with the port and the model's name; runs until the event is set.
Attack = Callable[[int, str, Event], None]


def run(repeats: int | None = None) -> Report:
    folder = serving_checkpoint("serving-small", SMALL)
    samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(repeats or 3):
        with started("ours", folder) as server:
            words = Words(folder, seed=time.time_ns())
            for name, attack in ATTACKS.items():
                samples[name].append(_beside(server, words, attack))
        with started("ours", _ruinous(folder)) as server:
            samples["template bombs"].append(_beside(server, words, Again(_chat("Hello!"))))
    return Report(
        scenario="fairness",
        setup=(
            f"One stream of `qwen3mlx serve` (serving's small checkpoint) for {SECONDS:g} s at a "
            "time, alone and during an attack that could stop it; each attack repeats as fast as "
            "the server allows. The gap is the time between two pieces of text; the speed is "
            "relative to the stream alone. Maximum of all runs; median and quartiles."
        ),
        rows=[row for name, found in samples.items() for row in _rows(name, found, samples[ALONE])],
        notes=[
            "Other load on the machine shows in every gap: compare with the stream alone.",
            f"Slow readers: {NUM_SLOW} streams of {TOKENS:,} tokens that nobody reads. Unfinished "
            f"bodies: {NUM_UNFINISHED} of 1 MB, sent at ten bytes per second.",
            "Template bombs: a checkpoint whose chat template counts to 99,999 that many times. "
            "Grammar bombs: patterns under allOf, and a tool with them.",
        ],
    )


def _beside(server: Server, words: Words, attack: Attack) -> tuple[float, float]:
    """Return a stream's longest gap in ms, and its tokens per second, while `attack` runs."""
    stream = server.complete(words.draw(SHORT), TOKENS)
    # In a separate process, so that the attack does not slow the measuring process down.
    spawn = multiprocessing.get_context("spawn")
    begun, over = spawn.Event(), spawn.Event()
    attacker = spawn.Process(target=_attack, args=(attack, server.port, server.model, begun, over))
    attacker.start()
    try:
        while not stream.got.times:
            if not stream.is_alive():
                raise ServerFailed("the stream ended before its first token")
            time.sleep(0.01)
        begun.wait()
        start = time.perf_counter()
        time.sleep(SECONDS)
        end = time.perf_counter()
        if not stream.is_alive():
            raise ServerFailed("the stream ended during the attack")
    finally:
        over.set()
        stream.cut()
        attacker.join()
    return longest_gap(stream.got, start, end) * 1000, speed(stream.got, start, end)


def _attack(attack: Attack, port: int, model: str, begun: Event, over: Event) -> None:
    begun.set()
    attack(port, model, over)


def longest_gap(got: Streamed, start: float, end: float) -> float:
    """Return the longest time in seconds without text between these two times, ends included."""
    times = [start, *(at for at in got.times if start < at < end), end]
    return max(after - before for before, after in pairwise(times))


def speed(got: Streamed, start: float, end: float) -> float:
    return sum(start < at < end for at in got.times) / (end - start)


def _rows(
    name: str, found: list[tuple[float, float]], alone: list[tuple[float, float]]
) -> Iterator[Row]:
    gaps, speeds = [gap for gap, _ in found], [one for _, one in found]
    without = Summary.of([one for _, one in alone])
    yield Row(f"{name}: longest gap", "ms", Summary.of(gaps), None, max(gaps), GAP, "largest, ms")
    kept = Summary.of(speeds)
    yield Row(
        f"{name}: speed", "tokens/s", kept, None, kept.median / without.median, None, "of alone"
    )


# The attacks


def _nothing(port: int, model: str, over: Event) -> None:
    over.wait()


@dataclass(frozen=True)
class Again:
    """Send the same request again as soon as it was answered."""

    body: Json
    path: str = "/v1/chat/completions"

    def __call__(self, port: int, model: str, over: Event) -> None:
        content = json.dumps({"model": model, **self.body}).encode()
        while not over.is_set():
            connection = http.client.HTTPConnection(HOST, port, timeout=120)
            with suppress(OSError, http.client.HTTPException):
                connection.request("POST", self.path, content)
                connection.getresponse().read()
            connection.close()


def _chat(text: str, **more: Any) -> Json:
    return {"messages": [{"role": "user", "content": text}], "max_tokens": 1, **more}


def _bomb() -> Json:
    """A text that several patterns describe at once, in a response format and in a tool."""
    patterns = [f"^.*{letter}.{{40}}$" for letter in "abcdefgh"]
    together = {"type": "string", "allOf": [{"pattern": pattern} for pattern in patterns]}
    return {"type": "object", "properties": {"a": together}, "required": ["a"]}


def _grammars(port: int, model: str, over: Event) -> None:
    schema = {"name": "bomb", "schema": _bomb()}
    form = _chat("Hello!", response_format={"type": "json_schema", "json_schema": schema})
    tool = {"type": "function", "function": {"name": "bomb", "parameters": _bomb()}}
    tools = _chat("Hello!", tools=[tool], tool_choice="required")
    threads = [
        threading.Thread(target=Again(body), args=(port, model, over)) for body in (form, tools)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def _connections(port: int, count: int, said: bytes) -> Iterator[list[socket.socket]]:
    """Open many connections, and send this much on each of them."""
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            with suppress(OSError):
                connection = socket.create_connection((HOST, port), timeout=5)
                opened.append(stack.enter_context(connection))
                connection.sendall(said)
        yield opened


def _idle(port: int, model: str, over: Event) -> None:
    with _connections(port, NUM_IDLE, b""):
        over.wait()


def _unfinished(port: int, model: str, over: Event) -> None:
    said = _head(MEGABYTE) + b"{"
    with _connections(port, NUM_UNFINISHED, said) as connections:
        while not over.wait(0.1):
            for connection in connections:
                with suppress(OSError):
                    connection.sendall(b" ")


def _slow(port: int, model: str, over: Event) -> None:
    body = {"model": model, "prompt": "Once", "max_tokens": TOKENS, "stream": True}
    content = json.dumps(body).encode()
    said = _head(len(content), "/v1/completions") + content
    with _connections(port, NUM_SLOW, said):
        over.wait()


def _head(length: int, path: str = "/v1/chat/completions") -> bytes:
    lines = (f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _ruinous(folder: Path) -> Path:
    """Return the same checkpoint with a template that never ends."""
    other = folder.with_name(f"{folder.name}-ruinous")
    if not other.exists():
        shutil.copytree(folder, other)
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    (other / "chat_template.jinja").write_text(loop)
    return other


ALONE = "alone"
ATTACKS: dict[str, Attack] = {
    ALONE: _nothing,
    "prompts of 1 MB": Again(_chat("word " * (MEGABYTE // 5))),
    "prompts of 10 MB": Again(_chat("word " * (10 * MEGABYTE // 5))),
    "bodies of 32 MB": Again({"prompt": "w" * 32 * MEGABYTE}, "/v1/completions"),
    f"{NUM_IDLE} idle connections": _idle,
    "unfinished bodies": _unfinished,
    "slow readers": _slow,
    "grammar bombs": _grammars,
}


if __name__ == "__main__":
    options = arguments(__doc__)
    publish(run(options.repeats), save=options.save)
