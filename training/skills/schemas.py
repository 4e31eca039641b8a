"""Tool schemas in the many shapes in which clients send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """One argument of an offered tool."""

    name: str
    type: str
    description: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Tool:
    """An offered tool."""

    name: str
    description: str | None
    parameters: tuple[Parameter, ...] = field(default=())


def _property(rng: Random, parameter: Parameter) -> dict[str, Any]:
    items: list[tuple[str, Any]] = [("type", parameter.type)]
    if parameter.description:
        items.append(("description", parameter.description))
    if parameter.choices:
        items.append(("enum", list(parameter.choices)))
    if rng.random() < 0.05:
        items.append(("title", parameter.name.capitalize()))
    if rng.random() < 0.25:
        rng.shuffle(items)
    return dict(items)


def _parameters(rng: Random, tool: Tool) -> dict[str, Any]:
    items: list[tuple[str, Any]] = [
        ("type", "object"),
        ("properties", {p.name: _property(rng, p) for p in tool.parameters}),
    ]
    required = [p.name for p in tool.parameters if p.required]
    if required or rng.random() < 0.4:
        items.append(("required", required))
    if rng.random() < 0.1:
        items.append(("additionalProperties", False))
    if rng.random() < 0.2:
        rng.shuffle(items)
    return dict(items)


def schema(rng: Random, tool: Tool) -> dict[str, Any]:
    """The tool as JSON: OpenAI's nesting mostly, sometimes the bare function."""
    items: list[tuple[str, Any]] = [("name", tool.name)]
    if tool.description:
        items.append(("description", tool.description))
    if tool.parameters or rng.random() < 0.7:
        items.append(("parameters", _parameters(rng, tool)))
    if rng.random() < 0.05:
        items.append(("strict", True))
    if rng.random() < 0.15:
        rng.shuffle(items)
    function = dict(items)
    if rng.random() < 0.12:
        return function
    outer = [("type", "function"), ("function", function)]
    return dict(outer if rng.random() < 0.9 else outer[::-1])
