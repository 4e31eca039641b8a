"""Count thinking tokens, and end a thought that has used up its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..thought import Thought


@dataclass(slots=True, eq=False)
class ThinkingMeter:
    """Follows one answer token by token; `num_tokens` counts those between a thought's markers.

    When it reaches `budget`, `observe` returns `early_stop_ids`: Qwen's own sentence that ends the
    thought (Qwen3 technical report, arXiv:2505.09388, section 4.4), to be fed as if generated.
    """

    thought: Thought[int]
    budget: int | None = None
    early_stop_ids: Sequence[int] = ()
    num_tokens: int = field(default=0, init=False)

    def observe(self, token_id: int) -> Sequence[int]:
        """Count one generated token; return the ids to force now, usually none."""
        is_marker = self.thought.observe(token_id)
        if not self.thought.is_inside:
            return ()
        if not is_marker:
            self.num_tokens += 1
        if self.budget is not None and self.num_tokens >= self.budget:
            self.budget = None
            return self.early_stop_ids
        return ()
