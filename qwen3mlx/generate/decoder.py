"""The forward passes of generation: prefill in chunks, and a decode step as one graph."""

from __future__ import annotations

import shutil
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import mlx.core as mx

from ..config.memory import prefill_chunk
from ..model import Batch, BatchArrays, BatchView, KVRow, Layer, Qwen3, Run
from ..model.device import on_cpu
from .sampler import SampledTokens, Sampler, reported
from .sampling_batch import BatchShape, SamplingArrays, SamplingBatch

# A batch shape is compiled once it has been stable for this many steps: tracing takes as long as a
# few steps, and each compiled step keeps its graph.
STEADY = 8
MAX_COMPILED = 32
# Prompt positions whose logits (one vocabulary-sized row each) are computed at a time.
SCORED_TOGETHER = 64

# On a GPU, a lone row attends over just its tokens where that saves more than compiling does: with
# masked positions, the kernels for long contexts read keys and values once for each query head.
# Building a step anew takes 2 to 3 ms, which a model of this size computes meanwhile.
EXACT_FROM_TOKENS, EXACT_FROM_BYTES = 8192, 2 * 10**9

# A compiled step's key: sampling; the rows' places; slots and capacity of each stack.
Signature = tuple[BatchShape, tuple[Run, ...], tuple[tuple[int, int], ...]]
StepResult = tuple[tuple[mx.array, ...], mx.array, list[list[Layer]], list[mx.array]]
Step = Callable[..., StepResult]


class Decoder:
    """One model's prefill and decode passes; compiled steps are kept for later requests.

    The first `eager_steps` decode steps run uncompiled (None: chosen for the device).
    """

    def __init__(self, model: Qwen3, *, eager_steps: int | None = None) -> None:
        self.model = model
        self._compiled: OrderedDict[Signature, Step] = OrderedDict()
        self._seen: Counter[Signature] = Counter()
        self._num_steps = 0
        self._eager_steps = _eager_steps() if eager_steps is None else eager_steps
        self.max_chunk = prefill_chunk(model.config, on_cpu=on_cpu())

    def extend(self, ids: Sequence[int], row: KVRow) -> None:
        """Feed `ids` and wait; no logits are computed."""
        self._last_hidden(ids, row)
        mx.eval(row.stack.layers)

    def logits(self, ids: Sequence[int], row: KVRow) -> mx.array:
        """Feed `ids`; return the logits [1, vocab] after the last of them, not evaluated."""
        return self.model.lm_head(self._last_hidden(ids, row))[:, -1]

    def score(
        self, ids: Sequence[int], row: KVRow, following: Sequence[int], num_logprobs: int
    ) -> Iterator[SampledTokens]:
        """Feed `ids`, and report each one's successor among `following` as if it had been drawn."""
        hidden = self.model.hidden(mx.array([ids]), row)
        row.advance(len(ids))
        for start in range(0, len(ids), SCORED_TOGETHER):
            part = slice(start, start + SCORED_TOGETHER)
            logits = self.model.lm_head(hidden[:, part])[0].astype(mx.float32)
            choice = reported(mx.array(list(following[part])), logits, num_logprobs)
            mx.eval(row.stack.layers, choice.arrays())
            yield choice

    def _last_hidden(self, ids: Sequence[int], row: KVRow) -> mx.array:
        hidden = self.model.last_hidden(mx.array([ids]), row)
        row.advance(len(ids))
        return hidden

    def step(
        self,
        token: mx.array,
        rows: Sequence[KVRow],
        sampling: SamplingBatch,
        uniform: mx.array,
        counts: mx.array | None,
    ) -> tuple[SampledTokens, mx.array, mx.array | None]:
        """Feed `token` [rows] and choose the next one; both can still be lazy.

        Each row must have room. Also returned are the logits [rows, vocab] behind the choice, and
        `counts` [rows, vocab] with `token`: those given count the tokens before it.
        """
        stacks = list(dict.fromkeys(row.stack for row in rows))
        exact = self.is_exact(rows)
        batch = Batch.of(rows, exact=exact)
        arguments = (
            token,
            uniform,
            batch.arrays(),
            sampling.arrays(),
            [] if counts is None else [counts],
        )
        step: Step = partial(_step, self.model, sampling.sampler, batch.runs, batch.masked)
        if not exact:
            shapes = tuple((len(stack.rows), stack.capacity) for stack in stacks)
            step = self._steady((sampling.shape, batch.runs, shapes), step, arguments)
        chosen, logits, layers, new_counts = step(*arguments)
        # Drop other references to the old keys and values, so that they are written in place.
        del arguments, batch
        for stack, written in zip(stacks, layers, strict=True):
            stack.layers = written
        for row in rows:
            row.offset += 1  # the batch has checked the room
        return SampledTokens(*chosen), logits, new_counts[0] if new_counts else None

    def is_exact(self, rows: Sequence[KVRow]) -> bool:
        """Return whether a step of `rows` attends over just their tokens, and is not compiled."""
        if len(rows) > 1 or on_cpu():
            return False
        return rows[0].capacity >= EXACT_FROM_TOKENS or self.model.nbytes >= EXACT_FROM_BYTES

    def _steady(self, signature: Signature, step: Step, arguments: tuple[Any, ...]) -> Step:
        """Return `step` compiled for arrays of this `signature`, once it has occurred often
        enough.
        """
        if signature in self._compiled:
            self._compiled.move_to_end(signature)
            return self._compiled[signature]
        self._num_steps += 1
        self._seen[signature] += 1
        if self._num_steps <= self._eager_steps or self._seen[signature] <= STEADY:
            return step
        self._seen.clear()
        self._compiled[signature] = _compiled(step, arguments)
        if len(self._compiled) > MAX_COMPILED:
            self._compiled.popitem(last=False)
        return self._compiled[signature]


def _step(
    model: Qwen3,
    sampler: Sampler,
    runs: tuple[Run, ...],
    masked: bool,
    token: mx.array,
    uniform: mx.array,
    arrays: BatchArrays,
    numbers: SamplingArrays,
    counts: list[mx.array],
) -> StepResult:
    """One decode step on arrays alone, so that it compiles."""
    batch = Batch(*arrays, runs, masked)
    view = BatchView(model.make_cache(), batch, None if on_cpu() else model.turns(batch.offset))
    logits = model.lm_head(model.hidden(token[:, None], view))[:, -1]
    if counts:
        counts = [counted(counts[0], token)]
    sampling = SamplingBatch.from_arrays(sampler, numbers)
    chosen = sampling.choose(logits, uniform, counts[0] if counts else None)
    return chosen.arrays(), logits, view.layers, counts


def counted(counts: mx.array, token: mx.array) -> mx.array:
    """Return `counts` [B, vocab] with each row's `token` [B] added."""
    return counts.at[mx.arange(token.shape[0]), token].add(1)


def _compiled(step: Step, arguments: tuple[Any, ...]) -> Step:
    """Compile `step`; on the CPU only if a trial run shows that its kernels are correct.

    MLX 0.32.4 has a race when two processes compile the same kernel in the same folder.
    """
    compiled = mx.compile(step)
    if not on_cpu():
        return compiled
    for _ in range(2):
        try:
            mx.eval(compiled(*arguments))
        except RuntimeError:
            continue
        return compiled
    return step


def _eager_steps() -> int:
    """Return the number of steps before compiling pays off.

    A GPU's kernels compile in milliseconds. On the CPU, MLX runs a C++ compiler (0.5 to 0.8 s for
    each of about ten kernels, cached on disk), which a short answer never earns back; without a
    compiler it cannot fuse anything.
    """
    if not on_cpu():
        return 0
    return 64 if shutil.which("g++") else sys.maxsize
