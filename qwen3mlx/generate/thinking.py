"""Count thinking tokens, and end a thought that has used up its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class ThinkingMeter:
    """Follows one answer token by token.

    A thought opens with `open_id` as the very first token, or is already open (`inside`, if the
    prompt opened it), and ends with `close_id`. `num_tokens` counts the tokens in between. When it
    reaches `budget`, `observe` returns `early_stop_ids`: Qwen's own sentence that ends the thought
    (Qwen3 technical report, arXiv:2505.09388, section 4.4), to be fed as if generated.
    """

    open_id: int | None
    close_id: int | None
    inside: bool = False
    budget: int | None = None
    early_stop_ids: Sequence[int] = ()
    num_tokens: int = field(default=0, init=False)
    _started: bool = field(default=False, init=False)

    def observe(self, token_id: int) -> Sequence[int]:
        """Count one generated token; return the ids to force now, usually none."""
        first, self._started = not self._started, True
        if first and token_id == self.open_id:
            self.inside = True
        elif self.inside and token_id == self.close_id:
            self.inside = False
        elif self.inside:
            self.num_tokens += 1
        if self.inside and self.budget is not None and self.num_tokens >= self.budget:
            self.budget = None
            return self.early_stop_ids
        return ()
