"""Two servers side by side: waiting times and streams as clients see them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from .process import SIDES, SideName
from .report import Report, Row, Target, peer_arguments, publish
from .serving_client import Server, ServerFailed, Stream, Streamed, started
from .serving_model import SMALL, WIDE, Words, serving_checkpoint
from .stats import Summary

HISTORY, LONG, SHORT = 2000, 4000, 20
ANSWER, NUM_STREAMS, STREAM_TOKENS = 16, 8, 96
RUNNING_STREAMS, RUNNING_TOKENS = 4, 4_000
HEAD_START_S = 0.3  # of the long prompt before the short request arrives
SECOND_TURN, SECOND_TURN_PEER = Target("<=", 0.1), Target("<=", 1.0)
STREAMS, OVERTAKING = Target(">=", 1.2), Target("<=", 0.25)
KEPT, START = Target(">=", 0.7), Target("<=", 0.4)

Samples = dict[SideName, dict[str, list[float]]]


def run(repeats: int | None = None) -> Report:
    repeats = repeats or 3
    small = serving_checkpoint("serving-small", SMALL)
    wide = serving_checkpoint("serving-wide", WIDE)
    samples: Samples = {side: defaultdict(list) for side in SIDES}
    _start(small, samples, repeats + 2)
    words = Words(small, seed=time.time_ns())
    _together(wide, samples, repeats, {"streams, wide": _streams}, words)
    scenarios: dict[str, Callable[[Server, Words], dict[str, float]]] = {
        "turns": _turns,
        "streams": _streams,
        "overtaking": _overtaking,
    }
    _together(small, samples, repeats, scenarios, words)
    for _ in range(repeats):  # mlx-lm continues cancelled streams, so each round uses new servers
        _together(small, samples, 1, {"kept": _kept}, words)
    return Report(
        scenario="serving",
        setup=(
            "`qwen3mlx serve` and `mlx_lm.server` with the same float32 checkpoint of random "
            "weights, temperature 0, streamed over loopback; 4 layers of width 128 and 1,984 "
            "tokens (wide: 1,024, as Qwen3-0.6B's); every prompt is new; median and quartiles. "
            "TTFT: from the request to the first text."
        ),
        rows=_rows(samples),
        notes=NOTES,
    )


NOTES = (
    f"Second turn: continuing a chat of one question of {HISTORY:,} tokens and its answer.",
    f"Overtaking: a request of {SHORT} tokens sent {HEAD_START_S} s after one of {LONG:,}.",
    f"Speed kept: {RUNNING_STREAMS} streams, from when a prompt of {LONG:,} tokens is sent until "
    "its first token; relative to such streams alone, at the same positions of their answers.",
    "Ready: from the start of the process until a request of one token is answered.",
)


def _together(
    folder: Path,
    samples: Samples,
    repeats: int,
    scenarios: dict[str, Callable[[Server, Words], dict[str, float]]],
    words: Words,
) -> None:
    """Run both servers; the one that is not measured is idle."""
    with started("ours", folder) as ours, started("peer", folder) as peer:
        for name, scenario in scenarios.items():
            for repeat in range(repeats):
                for server in _alternating(repeat, ours, peer):
                    for metric, value in scenario(server, words).items():
                        samples[server.side][f"{name}: {metric}"].append(value)


def _alternating(repeat: int, ours: Server, peer: Server) -> tuple[Server, Server]:
    return (ours, peer) if repeat % 2 == 0 else (peer, ours)


def _start(folder: Path, samples: Samples, repeats: int) -> None:
    for repeat in range(-1, repeats):  # the first start of each brings the files into memory
        for side in SIDES if repeat % 2 == 0 else SIDES[::-1]:
            server = Server(side, folder)
            try:
                healthy, ready = server.wait()
            finally:
                server.close()
            if repeat >= 0:
                samples[side]["start: healthy"].append(healthy)
                samples[side]["start: ready"].append(ready)


def _turns(server: Server, words: Words) -> dict[str, float]:
    question = {"role": "user", "content": words.draw(HISTORY)}
    first = server.chat([question], ANSWER).result()
    messages = [question, {"role": "assistant", "content": first.text}]
    messages.append({"role": "user", "content": words.draw(8)})
    second = server.chat(messages, ANSWER).result()
    return {"first": first.ttft, "second": second.ttft}


def _streams(server: Server, words: Words) -> dict[str, float]:
    start = time.perf_counter()
    streams = [server.complete(words.draw(SHORT), STREAM_TOKENS) for _ in range(NUM_STREAMS)]
    got = [stream.result() for stream in streams]
    seconds = time.perf_counter() - start
    if any(one.num_tokens != STREAM_TOKENS for one in got):
        raise ServerFailed(f"the {server.side} server ended an answer early")
    return {"speed": NUM_STREAMS * STREAM_TOKENS / seconds}


def _overtaking(server: Server, words: Words) -> dict[str, float]:
    long = server.complete(words.draw(LONG), 1)
    time.sleep(HEAD_START_S)
    if long.got.times:
        raise ServerFailed("the long prompt was computed before the short request arrived")
    short = server.complete(words.draw(SHORT), 4).result()
    return {"short": short.ttft, "long": long.result().ttft}


def _kept(server: Server, words: Words) -> dict[str, float]:
    """Compare with undisturbed streams over the same tokens, because later tokens cost more."""
    alone = [stream.result() for stream in _running(server, words)]
    streams = _running(server, words)
    try:
        begin = [len(stream.got.times) for stream in streams]
        long = server.complete(words.draw(LONG), 1).result()
        end = [len(stream.got.times) for stream in streams]
    finally:
        for stream in streams:
            stream.cut()
    if max(end) == RUNNING_TOKENS:
        raise ServerFailed("the streams ended before the long prompt was computed")
    beside = _seconds([stream.got for stream in streams], begin, end)
    return {"share": _seconds(alone, begin, end) / beside, "long": long.ttft}


def _seconds(got: list[Streamed], begin: list[int], end: list[int]) -> float:
    """Return the time these pieces of text took, over all streams."""
    ranges = zip(got, begin, end, strict=True)
    return sum(one.times[last - 1] - one.times[first - 1] for one, first, last in ranges)


def _running(server: Server, words: Words) -> list[Stream]:
    """Yield streams that have all begun."""
    streams = [server.complete(words.draw(SHORT), RUNNING_TOKENS) for _ in range(RUNNING_STREAMS)]
    while not all(stream.got.times for stream in streams):
        if not all(stream.is_alive() for stream in streams):
            raise ServerFailed("a stream ended before its first token")
        time.sleep(0.01)
    return streams


def _rows(samples: Samples) -> list[Row]:
    def compare(metric: str, unit: str, key: str, target: Target | None = None) -> Row:
        return Row.compare(metric, unit, samples["ours"][key], samples["peer"][key], target)

    return [
        compare("first turn, TTFT", "s", "turns: first"),
        compare("second turn, TTFT", "s", "turns: second", SECOND_TURN_PEER),
        _second_over_first(samples),
        compare(f"{NUM_STREAMS} streams", "tokens/s", "streams: speed", STREAMS),
        compare(f"{NUM_STREAMS} streams, wide", "tokens/s", "streams, wide: speed", STREAMS),
        compare("short request behind a long one, TTFT", "s", "overtaking: short", OVERTAKING),
        compare("the long one, TTFT", "s", "overtaking: long"),
        _speed_kept(samples),
        compare("start to ready", "s", "start: ready", START),
        compare("start to /health", "s", "start: healthy"),
    ]


def _second_over_first(samples: Samples) -> Row:
    def shares(side: SideName) -> Summary:
        turns = zip(samples[side]["turns: second"], samples[side]["turns: first"], strict=True)
        return Summary.of([second / first for second, first in turns])

    ours = shares("ours")
    return Row(
        "second turn over first, TTFT", "share", ours, shares("peer"), ours.median, SECOND_TURN,
        "our share",
    )  # fmt: skip


def _speed_kept(samples: Samples) -> Row:
    ours, peer = (Summary.of(samples[side]["kept: share"]) for side in SIDES)
    return Row(
        "speed kept beside a long prompt", "share", ours, peer, ours.median, KEPT, "our share"
    )


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
