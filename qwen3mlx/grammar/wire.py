"""What goes between the engine's process and those of grammars: JSON, and masks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from ..errors import InvalidRequestError
from ..text import ReasoningStart, TextForm

# What an answer may take: seconds of computing to compile its grammar, and for each token; bytes.
COMPILE_SECONDS = 2.0
TOKEN_SECONDS = 0.2
MEMORY = 192 << 20


def too_costly(field: str) -> str:
    """The sentence for a grammar that takes more."""
    return (
        f"{field} cannot be enforced: what it allows has so many cases that it takes more than "
        f"{COMPILE_SECONDS:g} seconds or {MEMORY >> 20} MB; use fewer or simpler patterns."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Of an answer's form: the arguments of `text.answer_grammar`, and where the answer begins.

    `think_ids` are those of `<think>` and `</think>`.
    """

    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Literal["auto", "none", "required"] = "auto"
    tool_name: str | None = None
    parallel: bool = True
    json_schema: Mapping[str, Any] | None = None
    strict: bool = False
    form: TextForm | None = None
    call_ids: tuple[int | None, int | None] = (None, None)
    think_ids: tuple[int | None, int | None] = (None, None)
    reasoning: ReasoningStart = "off"

    @property
    def param(self) -> str:
        """The request's field that asks for it."""
        if self.form is not None:
            return self.form.param
        return "response_format" if self.json_schema is not None else "tools"

    def to_json(self) -> bytes:
        """Raises InvalidRequestError for schemas that are no JSON."""
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        parts["form"] = None if self.form is None else asdict(self.form)
        try:
            return json.dumps(parts, default=dict).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequestError(
                f"{self.param} is no JSON ({error}).", param=self.param
            ) from None

    @classmethod
    def from_json(cls, data: bytes) -> Demand:
        parts = json.loads(data)
        form = parts["form"]
        if form is not None:
            source = form["source"]
            form = TextForm(**{**form, "source": tuple(source) if type(source) is list else source})
        return cls(**{**parts, "form": form})
