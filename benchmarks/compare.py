"""Alternate runs of both sides and summarize them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .process import SIDES, SideName, WorkerProcess
from .report import Row, Target
from .side import Sampling

Samples = dict[SideName, list[dict[str, Any]]]


@dataclass(frozen=True)
class Run:
    """One answer: `prompt_tokens` random tokens in, `num_tokens` timed tokens out."""

    prompt_tokens: int
    num_tokens: int
    vocab_size: int
    sampling: Sampling


def alternate(workers: Mapping[SideName, WorkerProcess], run: Run, repeats: int) -> Samples:
    """Run A/B/B/A, after one short warm-up answer each."""
    samples: Samples = {side: [] for side in SIDES}
    for side in SIDES:
        workers[side].ask("warm_up", vocab_size=run.vocab_size, sampling=asdict(run.sampling))
    for repeat in range(repeats):
        for side in SIDES if repeat % 2 else reversed(SIDES):
            timing = workers[side].ask("generate", **asdict(run))
            samples[side].append(timing)
            print(
                f"  {side} {repeat + 1}/{repeats}: first token {timing['ttft_s']:.3f} s, "
                f"then {(run.num_tokens - 1) / max(timing['decode_s'], 1e-9):.1f} tokens/s",
                file=sys.stderr,
            )
    return samples


def decode_rows(label: str, samples: Samples, target: Target | None) -> list[Row]:
    """Return decode speed, and processor time per token, which is less sensitive to other load."""
    steps = len(samples["ours"][0]["tokens"]) - 1
    speed = {side: [steps / s["decode_s"] for s in samples[side]] for side in SIDES}
    cpu = {side: [1e3 * s["cpu_s"] / steps for s in samples[side]] for side in SIDES}
    return [
        Row.compare(f"decode, {label}", "tokens/s", speed["ours"], speed["peer"], target),
        Row.compare(f"processor time, {label}", "ms/token", cpu["ours"], cpu["peer"]),
    ]


def prefill_row(samples: Samples, run: Run, target: Target | None) -> Row:
    """Return prompt tokens divided by the time to the first new token."""
    speed = {side: [run.prompt_tokens / s["ttft_s"] for s in samples[side]] for side in SIDES}
    label = f"prefill, {run.prompt_tokens} tokens"
    return Row.compare(label, "tokens/s", speed["ours"], speed["peer"], target)


def same_tokens_note(samples: Samples) -> str:
    """Return a note on whether the greedy answers of both sides are identical."""
    ours, peer = samples["ours"][0]["tokens"], samples["peer"][0]["tokens"]
    same = next((i for i, (a, b) in enumerate(zip(ours, peer, strict=True)) if a != b), len(ours))
    return f"Greedy: the first {same} of {len(ours)} tokens are identical on both sides."
