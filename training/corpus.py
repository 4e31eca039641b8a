"""The infinite, seeded stream of training batches, made in a process of its own."""

from __future__ import annotations

import multiprocessing as mp
import os
from collections.abc import Iterator
from pathlib import Path
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
# The first stage: short documents that are mostly copying.
DRILL_BATCHES = 800
Row = tuple[list[int], list[bool]]


class Batch(NamedTuple):
    """Rows of one length: inputs, next tokens, and which of these the model is to learn."""

    ids: np.ndarray
    targets: np.ndarray
    learned: np.ndarray


def encoded(tokenizer: Tokenizer, pieces: list[Piece]) -> Row:
    """Token ids, and which are targets; pieces are encoded apart, as the runtime appends them."""
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


def batches(tokenizer: Tokenizer, seed: int, start: int = 0) -> Iterator[Batch]:
    """Documents gathered by length; a batch leaves when its rows are full.

    `start` is how many batches the run has had before: it goes on with other ones.
    """
    rng = Random(f"{seed}:{start}")
    made = start
    waiting: dict[int, list[Row]] = {length: [] for length in LENGTHS}
    while True:
        row = encoded(tokenizer, drill(rng) if made < DRILL_BATCHES else conversation(rng))
        length = next((n for n in LENGTHS if len(row[0]) <= n + 1), None)
        if length is None:
            continue
        waiting[length].append(row)
        if len(waiting[length]) == TOKENS_PER_BATCH // length:
            yield _batch(waiting[length], length)
            waiting[length] = []
            made += 1


def _produce(queue: mp.Queue, tokenizer_file: Path, seed: int, start: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    for batch in batches(Tokenizer.from_file(str(tokenizer_file)), seed, start):
        queue.put(batch)


class Stream:
    """Batches from a background process, so that Python's generator never holds up the trainer."""

    def __init__(self, tokenizer_file: Path, seed: int, start: int) -> None:
        context = mp.get_context("spawn")
        self._queue: mp.Queue = context.Queue(BATCHES_AHEAD)
        self._process = context.Process(
            target=_produce, args=(self._queue, tokenizer_file, seed, start), daemon=True
        )
        self._process.start()

    def next(self) -> Batch:
        return self._queue.get()

    def close(self) -> None:
        self._process.terminate()
        self._process.join()
