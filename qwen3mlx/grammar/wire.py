"""Messages between the engine's process and the grammar processes: JSON, and masks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..errors import InvalidRequestError
from ..text import CallFormat, TextForm
from ..thought import ReasoningStart

# The limit for all schemas and grammars of a request. Their text is built in one piece, which
# blocks everything else.
MAX_LETTERS = 2_000_000


class Limits(NamedTuple):
    """Limits of an answer's process: CPU seconds to compile its grammar, for one token, and for all
    tokens (a base, plus an allowance per token); bytes to compile it, and then for the tokens.
    """

    compile_seconds: float = 2.0
    token_seconds: float = 0.1
    answer_seconds: float = 0.3
    more_per_token: float = 0.005
    num_bytes: int = 144 << 20
    answer_bytes: int = 64 << 20

    def exceeded(self, field: str) -> str:
        """Return the error sentence for a grammar that exceeds the limits."""
        return (
            f"{field} cannot be enforced: it allows so many cases that it takes more than "
            f"{self.compile_seconds:g} seconds to compile, {self.token_seconds:g} for a token, or "
            f"{self.num_bytes >> 20} MB; use fewer or simpler patterns."
        )


LIMITS = Limits()


class Demand(NamedTuple):
    """The constraints of one answer: the arguments of `text.answer_grammar`, and where it begins.

    `think_ids` are those of `<think>` and `</think>`.
    """

    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Literal["auto", "none", "required"] = "auto"
    tool_name: str | None = None
    parallel: bool = True
    json_schema: Mapping[str, Any] | None = None
    strict: bool = False
    form: TextForm | None = None
    call_format: CallFormat = "json"
    call_ids: tuple[int | None, int | None] = (None, None)
    think_ids: tuple[int | None, int | None] = (None, None)
    reasoning: ReasoningStart = "off"

    @property
    def param(self) -> str:
        """The request's field that sets the constraint."""
        if self.form is not None:
            return self.form.param
        return "response_format" if self.json_schema is not None else "tools"

    def to_json(self) -> bytes:
        """Raises InvalidRequestError for schemas that are not JSON, or too large."""
        parts = self._asdict()
        parts["form"] = None if self.form is None else self.form._asdict()
        if _is_larger(parts, MAX_LETTERS):
            message = f"{self.param} has more than {MAX_LETTERS:,} characters: shorten it."
            raise InvalidRequestError(message, param=self.param)
        try:
            return json.dumps(parts, default=dict).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequestError(
                f"{self.param} is not valid JSON ({error}).", param=self.param
            ) from None

    @classmethod
    def from_json(cls, data: bytes) -> Demand:
        parts = json.loads(data)
        form = parts["form"]
        if form is not None:
            source = form["source"]
            form = TextForm(**{**form, "source": tuple(source) if type(source) is list else source})
        return cls(**{**parts, "form": form})


def _is_larger(value: Any, limit: int) -> bool:
    """Return whether it has more than this many characters and values; stops counting there."""
    pending = [value]
    while pending:
        each = pending.pop()
        limit -= len(each) if isinstance(each, (str, Mapping, list, tuple)) else 1
        if limit < 0:
            return True
        if isinstance(each, Mapping):
            pending += each.keys()
            pending += each.values()
        elif isinstance(each, (list, tuple)):
            pending += each
    return False
