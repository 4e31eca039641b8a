"""The answer settings that a person can change: with options of `run`, or commands in the chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..config import SamplingParams
from ..errors import UsageError
from ..library import nearest
from ..quoting import quoted
from ..settings.setting import Kind, at
from ..settings.table import SAMPLING

_PARSERS: dict[Kind, Callable[[str], Any]] = {
    "whole": int,
    "number": float,
    "texts": lambda text: (text,),
}
# The thinking budget has a command of its own.
NAMES = tuple(setting.name for setting in at("run", SAMPLING) if setting.name != "thinking_budget")


@dataclass(frozen=True, slots=True)
class Settings:
    """`think` None leaves the mode to the checkpoint; `sampling` holds only the values that were
    set.
    """

    think: bool | None = None
    thinking_budget: int | None = None
    sampling: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        SamplingParams(**self.sampling, thinking_budget=self.thinking_budget)

    def with_sampling(self, name: str, text: str) -> Settings:
        """`/set temperature 0.6`; the value `default` resets a setting."""
        if name not in NAMES:
            guess = nearest(name, NAMES)
            hint = f" Did you mean {guess}?" if guess else f" Valid settings: {', '.join(NAMES)}."
            raise UsageError(f"Unknown setting {name}.{hint}")
        sampling = {key: value for key, value in self.sampling.items() if key != name}
        if text != "default":
            sampling[name] = _value(name, text)
        return replace(self, sampling=sampling)

    def generate_options(self) -> dict[str, Any]:
        """Return the keyword arguments for `Runtime.generate`."""
        return {
            "enable_thinking": self.think,
            "thinking_budget": self.thinking_budget,
            **self.sampling,
        }


def _value(name: str, text: str) -> Any:
    kind = SAMPLING[name].kind
    try:
        return _PARSERS[kind](text)
    except ValueError:
        noun = "an integer" if kind == "whole" else "a number"
        raise UsageError(f"{name} must be {noun}, not {quoted(text)}.") from None
