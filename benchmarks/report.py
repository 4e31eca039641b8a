"""Rows of figures: a table for people, a line of JSON for programs, a section of RESULTS.md."""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from qwen3mlx.library.machine import chip_name

from .process import Peer
from .stats import Summary

RESULTS = Path(__file__).parent / "RESULTS.md"
PACKAGES = ("mlx", "mlx-lm", "transformers", "numpy")


@dataclass(frozen=True)
class Target:
    sense: Literal[">=", "<="]
    value: float

    def met(self, ratio: float) -> bool:
        return ratio >= self.value if self.sense == ">=" else ratio <= self.value

    def __str__(self) -> str:
        return f"{self.sense} {self.value:g}"


@dataclass(frozen=True)
class Row:
    """One figure on both sides; `ratio_of` says what `ratio` divides."""

    metric: str
    unit: str
    ours: Summary
    peer: Summary | None
    ratio: float
    target: Target | None = None
    ratio_of: str = field(default_factory=Peer.ratio)

    @classmethod
    def compare(
        cls,
        metric: str,
        unit: str,
        ours: Sequence[float],
        peer: Sequence[float],
        target: Target | None = None,
    ) -> Row:
        mine, theirs = Summary.of(ours), Summary.of(peer)
        return cls(metric, unit, mine, theirs, mine.median / theirs.median, target)

    @property
    def met(self) -> bool | None:
        return None if self.target is None or Peer.checkout else self.target.met(self.ratio)


@dataclass(frozen=True)
class Report:
    """One scenario's outcome; `setup` is a sentence on how it was run."""

    scenario: str
    setup: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    extra: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> str:
        rows = [asdict(row) | {"met": row.met} for row in self.rows]
        body = {
            "scenario": self.scenario,
            "setup": self.setup,
            "rows": rows,
            "notes": list(self.notes),
            **self.extra,
            "machine": machine(),
            "versions": versions(),
            "command": command(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        return json.dumps(body)

    def table(self) -> str:
        head = f"| figure | qwen3mlx | {Peer.name} | ratio | target |\n|---|---|---|---|---|"
        return "\n".join([head, *map(_table_line, self.rows)])

    def section(self) -> str:
        about = f"{time.strftime('%Y-%m-%d %H:%M')}, {machine()}, {versions()}"
        other = [f"In mlx-lm's place: the checkout {Peer.name}."] if Peer.checkout else []
        notes = "".join(f"\n- {note}" for note in (*self.notes, *other))
        return (
            f"## {self.scenario}\n\n{self.setup}\n\n{self.table()}\n"
            f"{notes + chr(10) if notes else ''}\n`{command()}` ({about})\n"
        )


def publish(report: Report, *, save: bool) -> None:
    """Print the table to stderr and JSON as stdout's last line; `save` also updates RESULTS.md."""
    print(f"{report.section()}", file=sys.stderr)
    if save:
        save_section(RESULTS, report)
    print(report.as_json(), flush=True)


def save_section(path: Path, report: Report) -> None:
    text = path.read_text() if path.exists() else "# Results\n"
    section = report.section().rstrip() + "\n"
    pattern = re.compile(rf"^## {re.escape(report.scenario)}\n.*?(?=^## |\Z)", re.M | re.S)
    if pattern.search(text):
        text = pattern.sub(lambda _: section + "\n", text)
    else:
        text = text.rstrip() + "\n\n" + section
    path.write_text(text.rstrip() + "\n")


def arguments(description: str | None) -> argparse.Namespace:
    return parser_of(description).parse_args()


def peer_arguments(
    description: str | None, words: Sequence[str] | None = None
) -> argparse.Namespace:
    """Parse the options of a scenario whose two sides are `process.SIDES`."""
    parser = parser_of(description)
    parser.add_argument(
        "--against", type=Path, help="another checkout of this project, in mlx-lm's place"
    )
    options = parser.parse_args(words)
    if options.against:
        if options.save:
            parser.error("--save writes figures beside mlx-lm; leave it out with --against")
        Peer.use(options.against)
    return options


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return the options that every scenario has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--save", action="store_true", help="write the section of RESULTS.md")
    parser.add_argument("--repeats", type=int, help="runs on each side")
    return parser


def machine() -> str:
    return f"{chip_name()}, {platform.system()}"


def versions() -> str:
    known = []
    for package in PACKAGES:
        try:
            known.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join([f"Python {platform.python_version()}", *known])


def command() -> str:
    module = getattr(sys.modules["__main__"], "__spec__", None)
    name = module.name.removesuffix(".__main__") if module else sys.argv[0]
    return " ".join(["python -m", name, *sys.argv[1:]])


def _table_line(row: Row) -> str:
    target = "" if row.met is None else f"{row.target} {'met' if row.met else '**missed**'}"
    ratio = f"{row.ratio:.2f}" + ("" if row.ratio_of == Peer.ratio() else f" ({row.ratio_of})")
    sides = f"{_figure(row.ours)} | {_figure(row.peer)}"
    return f"| {row.metric}, {row.unit} | {sides} | {ratio} | {target} |"


def _figure(summary: Summary | None) -> str:
    if summary is None:
        return ""
    if summary.num_samples == 1:
        return f"{summary.median:.4g}"
    return f"{summary.median:.4g} ({summary.low:.4g} to {summary.high:.4g})"
