"""`qwen3mlx bench` prints what was measured, on what, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qwen3mlx import bench
from qwen3mlx.bench import cases
from qwen3mlx.bench.cases import measure
from qwen3mlx.cli.app import command_line
from qwen3mlx.config import LoadOptions


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "DEPTHS", (16, 32_768))
    monkeypatch.setattr(cases, "NUM_STREAMS", (1, 2))
    monkeypatch.setattr(cases, "EQUAL", 32)
    monkeypatch.setattr(cases, "MIXED", (16, 32))
    monkeypatch.setattr(cases, "NUM_TOKENS", 10)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command_line(["bench"]), ["bench", *arguments])


def test_json_has_everything_that_is_compared() -> None:
    done = run("demo", "--repeats", "1", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["model"] == "demo"
    assert found["quantization"] == "8bit"
    assert found["chip"]
    speeds = found["speeds"]["qwen3mlx"]
    assert speeds["depths"][0]["prompt_tokens"] == 16
    assert speeds["depths"][0]["decode_tps"] > 0
    assert [each["streams"] for each in speeds["streams"]] == [1, 2]
    assert list(speeds["left_out"]) == ["a prompt of 32,768 tokens"]
    assert "Measuring qwen3mlx: 2 streams." in done.stderr


def test_a_table_for_people() -> None:
    done = run("demo", "--repeats", "1")
    assert done.exit_code == 0, done.output
    assert "first ten tokens" in done.stdout
    assert "\n16\t" in done.stdout
    assert "Left out: a prompt of 32,768 tokens (the context is 4,096 tokens)." in done.stderr


def test_without_mlx_lm_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "is_installed", lambda: False)
    done = run("demo", "--compare", "mlx-lm")
    assert done.exit_code == 2
    assert "mlx-lm is not installed here" in done.stderr


def test_the_peer_is_measured_after_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    class Other(bench.Ours):
        keeps_prompts = False

        def __init__(self, folder: Path) -> None:
            super().__init__(folder, LoadOptions())

    def noted(side: Any, **rest: Any) -> Any:
        order.append(type(side).__name__)
        return measure(side, **rest)

    monkeypatch.setattr(bench, "is_installed", lambda: True)
    monkeypatch.setattr(bench, "Peer", Other)
    monkeypatch.setattr(bench, "measure", noted)
    found = json.loads(run("demo", "--repeats", "1", "--compare", "mlx-lm", "--json").stdout)
    assert order == ["Ours", "Other"]
    assert found["speeds"]["mlx-lm"]["depths"][0]["cached_ttft_s"] is None
