"""Convert the server's JSON to values. Raises KeyError or TypeError on unexpected JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from ..domain import Fit, LoadedModel, ModelEntry, ModelSettings

T = TypeVar("T")


def as_value(kind: type[T], source: Mapping[str, Any]) -> T:
    """A value made of the fields of the same names; other fields are ignored."""
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: source[name] for name in names})


def as_model(source: Mapping[str, Any]) -> ModelEntry:
    thinking, loaded = source["thinking"], source["loaded"]
    return as_value(
        ModelEntry,
        {
            **source,
            "can_think": thinking["can"],
            "thinks_by_default": thinking["default"],
            "can_disable_thinking": thinking["can_disable"],
            "loaded": None if loaded is None else as_value(LoadedModel, loaded),
            "settings": as_value(ModelSettings, source["settings"]),
            "fit": as_value(Fit, source["fit"]),
        },
    )
