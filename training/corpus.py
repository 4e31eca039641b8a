"""The infinite, seeded stream of training batches, made in separate processes."""

from __future__ import annotations

import multiprocessing as mp
import os
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from random import Random
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from training.conversations import conversation, drill
from training.documents import Piece

# Row lengths. Longer documents are dropped (about 1 in 10,000).
LENGTHS = (64, 96, 128, 160, 192, 256, 320, 384, 448, 512, 576, 640, 704, 768, 896, 1024)
TOKENS_PER_BATCH = 4096
BATCHES_AHEAD = 24
CHECK_SECONDS = 5
# The first stage: short documents that are mostly copying.
DRILL_BATCHES = 800
Row = tuple[list[int], list[bool]]


class Batch(NamedTuple):
    """Rows of one length: inputs, next tokens, and a mask of those to be learned."""

    ids: np.ndarray
    targets: np.ndarray
    learned: np.ndarray


def encoded(tokenizer: Tokenizer, pieces: list[Piece]) -> Row:
    """Return token ids and targets; pieces are encoded separately, as the runtime appends them."""
    ids: list[int] = []
    learned: list[bool] = []
    for piece in pieces:
        tokens = tokenizer.encode(piece.text).ids
        ids += tokens
        learned += [piece.target] * len(tokens)
    return ids, learned


def _batch(rows: list[Row], length: int) -> Batch:
    ids = np.zeros((len(rows), length + 1), dtype=np.int64)
    learned = np.zeros((len(rows), length + 1), dtype=bool)
    for index, (tokens, targets) in enumerate(rows):
        ids[index, : len(tokens)] = tokens
        learned[index, : len(tokens)] = targets
    return Batch(ids[:, :-1], ids[:, 1:], learned[:, 1:])


def batches(
    tokenizer: Tokenizer,
    seed: int,
    start: int = 0,
    *,
    worker: int = 0,
    workers: int = 1,
    tokens: int = TOKENS_PER_BATCH,
) -> Iterator[Batch]:
    """Group documents by length; a batch of `tokens` is yielded when its rows are full.

    `start` is the number of batches that the run has already had, so that it continues with new
    ones. Each of several workers makes its own share.
    """
    rng = Random(f"{seed}:{start}" if workers == 1 else f"{seed}:{start}:{worker}")
    made = start
    waiting: dict[int, list[Row]] = {length: [] for length in LENGTHS}
    while True:
        row = encoded(tokenizer, drill(rng) if made < DRILL_BATCHES else conversation(rng))
        length = next((n for n in LENGTHS if len(row[0]) <= n + 1), None)
        if length is None:
            continue
        waiting[length].append(row)
        if len(waiting[length]) == tokens // length:
            yield _batch(waiting[length], length)
            waiting[length] = []
            made += workers


def _produce(queue: mp.Queue[Batch], tokenizer_file: Path, share: dict[str, int]) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    for batch in batches(Tokenizer.from_file(str(tokenizer_file)), **share):
        queue.put(batch)


class Stream:
    """Batches from background processes, so that Python's generation never blocks the trainer.

    With one worker their order is the same in every run.
    """

    def __init__(
        self,
        tokenizer_file: Path,
        seed: int,
        start: int,
        *,
        workers: int = 1,
        tokens: int = TOKENS_PER_BATCH,
    ) -> None:
        context = mp.get_context("spawn")
        self._queue: mp.Queue[Batch] = context.Queue(BATCHES_AHEAD)
        shared = {"seed": seed, "start": start, "workers": workers, "tokens": tokens}
        self._processes = [
            context.Process(
                target=_produce,
                args=(self._queue, tokenizer_file, {**shared, "worker": worker}),
                daemon=True,
            )
            for worker in range(workers)
        ]
        for process in self._processes:
            process.start()

    def next(self) -> Batch:
        """Wait for a batch. Raises RuntimeError if a worker has ended."""
        while True:
            if not all(process.is_alive() for process in self._processes):
                raise RuntimeError(
                    "A process that makes training batches has ended: read its message above, then "
                    "start again to continue from the last checkpoint."
                )
            try:
                return self._queue.get(timeout=CHECK_SECONDS)
            except Empty:
                continue

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()
