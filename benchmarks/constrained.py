"""An answer that must follow a schema, beside streams that are free."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack

from .fairness import speed
from .process import SIDES, Peer, SideName
from .report import Report, Row, Target, peer_arguments, publish
from .serving_client import Server, ServerFailed, Stream, started
from .serving_model import SMALL, Words, serving_checkpoint
from .stats import Summary

SHORT, TOKENS, NUM_FREE = 20, 6_000, 4
SECONDS = 4.0
KEPT = Target(">=", 0.9)
# Strings that never end: of all tokens, only words are heard.
SCHEMA = {"type": "array", "items": {"type": "string"}}
FORM = {"type": "json_schema", "json_schema": {"name": "texts", "schema": SCHEMA}}

Samples = dict[SideName, dict[str, list[float]]]


def run(repeats: int | None = None) -> Report:
    folder = serving_checkpoint("serving-small", SMALL)
    sides: Sequence[SideName] = SIDES if Peer.checkout else SIDES[:1]
    samples: Samples = {side: defaultdict(list) for side in SIDES}
    words = Words(folder, seed=time.time_ns())
    with ExitStack() as stack:
        servers = [stack.enter_context(started(side, folder)) for side in sides]
        for server in servers:
            _speeds(server, words, 0, 1)  # starts the process of the grammars
        for repeat in range(repeats or 5):
            for server in servers if repeat % 2 else servers[::-1]:
                _measure(server, words, samples[server.side])
    return Report(
        scenario="constrained",
        setup=(
            f"{NUM_FREE} streams of `qwen3mlx serve` (serving's small checkpoint, float32) for "
            f"{SECONDS:g} s: alone, beside one more that is free, and beside one that must follow "
            "a JSON schema; median and quartiles."
        ),
        rows=_rows(samples),
        notes=[
            "mlx-lm's server has no constrained answers.",
            "A share compares with the free streams' speed in the same round.",
        ],
    )


def _measure(server: Server, words: Words, samples: dict[str, list[float]]) -> None:
    alone, _ = _speeds(server, words, 0, 0)
    beside_free, free = _speeds(server, words, 1, 0)
    beside_bound, bound = _speeds(server, words, 0, 1)
    alone_bound = _speeds(server, words, 0, 1, num_free=0)[1]
    samples["alone"].append(alone)
    samples["kept of alone"].append(beside_bound / alone)
    samples["kept of free"].append(beside_bound / beside_free)
    samples["bound of free"].append(bound / free)
    samples["bound alone"].append(alone_bound)


def _speeds(
    server: Server, words: Words, more: int, bound: int, *, num_free: int = NUM_FREE
) -> tuple[float, float]:
    """Return tokens per second of `num_free` free streams together, and of the others."""
    streams = [server.complete(words.draw(SHORT), TOKENS) for _ in range(num_free + more)]
    streams += [_bound(server, words) for _ in range(bound)]
    try:
        while not all(stream.got.times for stream in streams):
            _check(streams)
            time.sleep(0.01)
        start = time.perf_counter()
        time.sleep(SECONDS)
        end = time.perf_counter()
        _check(streams)
    finally:
        for stream in streams:
            stream.cut()
    speeds = [speed(stream.got, start, end) for stream in streams]
    return sum(speeds[:num_free]), sum(speeds[num_free:])


def _bound(server: Server, words: Words) -> Stream:
    question = {"role": "user", "content": words.draw(SHORT)}
    return server.chat([question], TOKENS, response_format=FORM)


def _check(streams: Sequence[Stream]) -> None:
    if not all(stream.is_alive() for stream in streams):
        raise ServerFailed("a stream ended while it was measured")


def _rows(samples: Samples) -> list[Row]:
    def row(
        metric: str, key: str, unit: str, target: Target | None = None, ratio_of: str = "our share"
    ) -> Row:
        ours = Summary.of(samples["ours"][key])
        peer = Summary.of(samples["peer"][key]) if samples["peer"] else None
        ratio = ours.median / peer.median if peer else ours.median
        return Row(metric, unit, ours, peer, ratio, target, Peer.ratio() if peer else ratio_of)

    four, beside = f"{NUM_FREE} free streams", f"{NUM_FREE} beside a constrained one"
    return [
        row(f"{four} alone", "alone", "tokens/s", None, "tokens/s"),
        row(f"{beside}, of beside a free one", "kept of free", "share", KEPT),
        row(f"{beside}, of alone", "kept of alone", "share"),
        row("the constrained one, of a free one", "bound of free", "share"),
        row("a constrained one alone", "bound alone", "tokens/s", None, "tokens/s"),
    ]


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
