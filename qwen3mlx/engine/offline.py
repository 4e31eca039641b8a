"""Answers of one model to many requests, on the caller's thread, without a server."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from ..config import LoadOptions
from ..errors import UnavailableError
from ..model.device import default_memory_limit, release_staging_memory
from ..request import GenerationRequest
from .memory import MemoryBudget
from .outputs import EndOutput, ErrorOutput, Output, Token
from .own_model import OwnModel
from .schedule import MAX_RUNNING
from .scheduler import Scheduler


class _Answer:
    """An answer under way: token ids of the prompt, then of the answer."""

    def __init__(self, place: int, prompt_ids: list[int]) -> None:
        self.place = place
        self.ids = list(prompt_ids)
        self.is_complete = False
        self.error: Exception | None = None

    def add(self, output: Output) -> None:
        if isinstance(output, Token):
            self.ids.append(output.id)
        elif isinstance(output, ErrorOutput):
            self.error = output.error
        self.is_complete = isinstance(output, EndOutput | ErrorOutput)


def answer_all(
    folder: Path,
    requests: Iterator[GenerationRequest],
    *,
    on_load: Callable[[int, int], None],
    on_step: Callable[[int], None],
) -> Generator[tuple[int, list[int]]]:
    """Load the model in `folder` and yield each request's place and token ids, prompt and answer,
    as soon as it is complete. MAX_RUNNING requests are taken ahead.

    `on_load(done, total)` counts bytes; `on_step` gets the tokens of what is under way.

    Raises CheckpointError, MemoryBudgetError, InvalidRequestError; what an answer failed with.
    """
    loaded = OwnModel.load(folder, LoadOptions(), on_load)
    budget = MemoryBudget(default_memory_limit())
    budget.weights = loaded.nbytes
    scheduler = Scheduler(loaded.runner(), budget)
    try:
        yield from _answers(loaded, scheduler, requests, on_step)
    finally:
        scheduler.close(UnavailableError("The model is unloaded."))
        loaded.close()
        del scheduler, loaded
        release_staging_memory()


def _answers(
    loaded: OwnModel,
    scheduler: Scheduler,
    requests: Iterator[GenerationRequest],
    on_step: Callable[[int], None],
) -> Generator[tuple[int, list[int]]]:
    numbered = enumerate(requests)
    running: list[_Answer] = []
    while True:
        while len(running) < MAX_RUNNING and (one := next(numbered, None)) is not None:
            prepared = loaded.prepare(one[1])
            running.append(_Answer(one[0], prepared.prompt_ids))
            scheduler.submit(prepared.sequence(running[-1].add))
        if not running:
            return
        scheduler.step()
        on_step(sum(len(answer.ids) for answer in running))
        for answer in [answer for answer in running if answer.is_complete]:
            running.remove(answer)
            if answer.error is not None:
                raise answer.error
            yield answer.place, answer.ids
