"""Embeddings, and the logits of a few tokens, beside the answers that a model makes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from ..model.kv_layout import capacity_for
from .memory import MemoryBudget
from .resident_model import ResidentModel
from .rows import Ids, Rows


def embed(
    resident: ResidentModel,
    inputs: Sequence[Ids],
    token_ids: Ids | None,
    budget: MemoryBudget,
    check: Callable[[], None],
) -> Generator[None, None, Rows]:
    """Compute a row for each of `inputs` (token ids): see `rows.read_rows`.

    This is a generator, so that other work can run between two chunks. It calls `check` there,
    which raises an error to stop it. Raises MemoryBudgetError.
    """
    longest = max(map(len, inputs), default=0)
    resident.scheduler.check_fits(longest)
    per_token = resident.scheduler.runner.bytes_per_token
    needed = min(capacity_for(longest) * per_token, budget.largest_request)
    resident.num_embeddings += 1
    reserved = 0
    try:
        while not budget.make_room(needed):
            yield
            check()
        reserved = needed
        budget.live += reserved
        return (yield from resident.loaded.rows(inputs, token_ids, check))
    finally:
        budget.live -= reserved
        resident.num_embeddings -= 1
