"""The stream of batches: shares of workers, the end of the drills, and a worker that ended."""

import os
import signal
from collections.abc import Callable
from itertools import islice
from random import Random
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from training import corpus
from training.corpus import DRILL_BATCHES, Batch, Stream, batches
from training.paths import DEMO

TOKENIZER = DEMO / "dense" / "tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(TOKENIZER))


def share(tokenizer: Tokenizer, worker: int, workers: int = 2, seed: int = 3) -> list[Batch]:
    stream = batches(tokenizer, seed, worker=worker, workers=workers, tokens=1024)
    return list(islice(stream, 4))


def same(one: list[Batch], other: list[Batch]) -> bool:
    return all(
        np.array_equal(a, b)
        for mine, its in zip(one, other, strict=True)
        for a, b in zip(mine, its, strict=True)
    )


def test_a_workers_share_is_the_same_every_time_and_its_own(tokenizer: Tokenizer) -> None:
    assert same(share(tokenizer, 0), share(tokenizer, 0))
    assert not same(share(tokenizer, 0), share(tokenizer, 1))
    assert not same(share(tokenizer, 0), share(tokenizer, 0, seed=4))


def test_batches_have_the_tokens_asked_for_and_the_next_as_targets(tokenizer: Tokenizer) -> None:
    for batch in share(tokenizer, 0):
        rows, length = batch.ids.shape
        assert rows == 1024 // length
        assert np.array_equal(batch.ids[:, 1:], batch.targets[:, :-1])
        assert batch.learned.any(axis=1).all()


def test_workers_come_to_the_end_of_the_drills_together(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noted(name: str, make: Callable[[Random], Any]) -> Callable[[Random], Any]:
        def ask(rng: Random) -> Any:
            asked.append(name)
            return make(rng)

        return ask

    monkeypatch.setattr(corpus, "DRILL_BATCHES", 8)
    for name in ("drill", "conversation"):
        monkeypatch.setattr(corpus, name, noted(name, getattr(corpus, name)))
    list(islice(batches(tokenizer, 3, workers=4, tokens=1024), 2))
    assert set(asked) == {"drill"}
    next(batches(tokenizer, 3, start=8, workers=4, tokens=1024))
    assert asked[-1] == "conversation"


def test_a_worker_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "CHECK_SECONDS", 0.1)
    stream = Stream(TOKENIZER, 3, DRILL_BATCHES, workers=2, tokens=1024)
    try:
        assert stream.next().ids.size
        victim = stream._processes[0]
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        with pytest.raises(RuntimeError, match="continue from the last checkpoint"):
            stream.next()
    finally:
        stream.close()
