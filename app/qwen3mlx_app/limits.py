"""What the numbers of settings may be: the window's own table, until the server has told its."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Decimals of numbers that are not whole.
DECIMALS = 3
MAX_WHOLE = 2**31 - 1
MAX_GIGABYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`least` and `most` are allowed themselves; `least` is not where `above`.

    `default` None: the model or the server decides.
    """

    least: float
    most: float
    is_whole: bool = False
    above: bool = False
    default: float | None = None
    unit: str | None = None

    @property
    def decimals(self) -> int:
        return 0 if self.is_whole else DECIMALS

    @property
    def smallest(self) -> float:
        """The least number with so many decimals that is allowed."""
        return self.least + 10**-self.decimals if self.above else self.least

    def allows(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.is_whole else (int, float)):
            return False
        return value <= self.most and (value > self.least if self.above else value >= self.least)


# By group and name. Whoever changes the server's table of settings changes this one: a test
# compares them.
SettingLimits = Mapping[str, Mapping[str, Limits]]
OWN_LIMITS: SettingLimits = {
    "server": {
        "port": Limits(least=0, most=65535, is_whole=True, default=1234),
        "memory_limit": Limits(least=0, most=MAX_GIGABYTES, above=True, unit="GB"),
        "prefix_cache": Limits(least=0, most=MAX_GIGABYTES, unit="GB"),
        "max_running": Limits(least=1, most=1024, is_whole=True, default=16),
    },
    "load": {
        "context_length": Limits(least=1, most=MAX_WHOLE, is_whole=True, unit="tokens"),
        "ttl": Limits(least=0, most=MAX_WHOLE, above=True, unit="seconds"),
    },
    "sampling": {
        "temperature": Limits(least=0, most=100),
        "top_p": Limits(least=0, most=1),
        "top_k": Limits(least=0, most=MAX_WHOLE, is_whole=True),
        "min_p": Limits(least=0, most=1),
        "presence_penalty": Limits(least=-2, most=2, default=0),
        "frequency_penalty": Limits(least=-2, most=2, default=0),
        "repetition_penalty": Limits(least=0, most=100, above=True),
        "max_tokens": Limits(least=0, most=MAX_WHOLE, is_whole=True, unit="tokens"),
        "seed": Limits(least=-(2**63), most=2**64 - 1, is_whole=True),
        "thinking_budget": Limits(least=0, most=MAX_WHOLE, is_whole=True, unit="tokens"),
    },
}


def limits_from(schemas: Mapping[str, Any]) -> SettingLimits:
    """Of the JSON Schemas that the server tells. KeyError and TypeError for what is no such."""
    return {
        group: {name: _limits(schemas[group]["properties"][name]) for name in OWN_LIMITS[group]}
        for group in OWN_LIMITS
    }


def _limits(schema: Mapping[str, Any]) -> Limits:
    above = "exclusiveMinimum" in schema
    return Limits(
        least=schema["exclusiveMinimum" if above else "minimum"],
        most=schema["maximum"],
        is_whole=schema["type"] == "integer",
        above=above,
        default=schema["default"],
        unit=schema["unit"],
    )
