from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import Report, Row, Target, save_section
from benchmarks.stats import Summary


def report(scenario: str, speed: float = 3.0) -> Report:
    row = Row.compare("decode", "tokens/s", [speed], [2.0], Target(">=", 1.4))
    return Report(scenario, "What was run.", [row], ["A note."])


def test_summary_is_median_and_quartiles() -> None:
    assert Summary.of([4, 1, 2, 3, 5]) == Summary(3, 2, 4, 5)
    assert Summary.of([7]) == Summary(7, 7, 7, 1)


@pytest.mark.parametrize(
    ("target", "ratio", "met"),
    [
        (Target(">=", 1.4), 1.4, True),
        (Target(">=", 1.4), 1.39, False),
        (Target("<=", 0.8), 0.8, True),
        (Target("<=", 0.8), 0.81, False),
    ],
)
def test_target(target: Target, ratio: float, met: bool) -> None:
    assert target.met(ratio) is met


def test_json_is_one_line_with_ratio_and_verdict() -> None:
    text = report("one").as_json()
    assert "\n" not in text
    found = json.loads(text)
    assert found["rows"][0]["ratio"] == 1.5
    assert found["rows"][0]["met"] is True
    assert {"machine", "versions", "command", "time"} <= found.keys()


def test_missed_target_shows_in_the_table() -> None:
    assert "**missed**" in report("one", speed=2.0).table()


def test_section_is_replaced_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Results\n\nAbout.\n")
    for name in ("one", "two", "three"):
        save_section(path, report(name))
    save_section(path, report("two", speed=8.0))
    text = path.read_text()
    assert text.startswith("# Results\n\nAbout.\n\n## one\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## one",
        "## two",
        "## three",
    ]
    assert text.count("| 4.00 |") == 1
    assert text.count("| 1.50 |") == 2
