"""Output of the verbs: tables for people, tabs and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .display import one_line
from .terminal import Terminal

if TYPE_CHECKING:
    from ..library import LocalModel


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], terminal: Terminal) -> None:
    """Print a heading and columns at a terminal; elsewhere the rows only, separated by tabs."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    if not terminal.can_draw:
        for row in rows:
            print("\t".join(row), file=terminal.stdout)
        return
    from rich.table import Table

    table = Table(*columns, box=None, header_style="bold", padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    terminal.console(terminal.stdout).print(table)


def print_facts(facts: Sequence[tuple[str, str]], terminal: Terminal) -> None:
    """Print one fact per line, each after its name."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        print(f"{name:<{width}}  {one_line(value)}", file=terminal.stdout)


def print_json(value: Any, terminal: Terminal) -> None:
    """Print indented ASCII-only JSON, which any terminal and any reader accepts."""
    print(json.dumps(value, indent=2), file=terminal.stdout)


def model_object(model: LocalModel) -> dict[str, Any]:
    """The model as JSON; `modified` is in seconds since 1970."""
    places = {"path": str(model.path), "adapter": model.adapter and str(model.adapter)}
    return asdict(model) | places | {"base": model.base and model.base.id}


def day(seconds: float) -> str:
    """Format the day as `2026-01-31`, in the local time zone."""
    return datetime.fromtimestamp(seconds).date().isoformat()
