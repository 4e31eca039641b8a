"""Whether models fit, on this computer and on others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import ModelConfig
from qwen3mlx.config.memory import memory_limit, working_set
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.library import DEMOS, speed
from qwen3mlx.library.family import members, repositories
from qwen3mlx.library.fit import LEAST_CONTEXT, Asked, alternative, fit, of_folder, of_repository
from qwen3mlx.library.machine import chips, machine
from qwen3mlx.model import Footprint
from tests.support.places import ROOT

GB = 1 << 30
SMALL = ModelConfig.from_folder(DEMOS["demo"])


def page_module() -> dict[str, Any]:
    path = ROOT / "scripts" / "which-model"
    names: dict[str, Any] = {"__name__": "which_model", "__file__": str(path)}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), names)
    return names


@given(
    weights=st.integers(0, 10**8),
    limit=st.integers(0, 10**9),
    context=st.integers(1, SMALL.max_position_embeddings),
    parallel=st.integers(1, 8),
    kv_bits=st.sampled_from([None, 4, 8]),
)
def test_the_verdict_follows_from_what_is_told(
    weights: int, limit: int, context: int, parallel: int, kv_bits: int | None
) -> None:
    needs = Footprint(SMALL, weights, 2, kv_bits)
    told = fit(needs, limit, Asked(context, parallel))
    parts = (told.weight_bytes, told.kv_bytes, told.activation_bytes, told.cache_bytes)
    assert sum(parts) == told.needed_bytes
    assert (told.verdict == "comfortable") == (told.needed_bytes <= limit)
    useful = min(LEAST_CONTEXT, context)
    assert (told.verdict == "too-large") == (
        told.needed_bytes > limit and told.largest_context < useful
    )
    room = limit - weights - told.activation_bytes
    if told.largest_context:
        assert needs.kv_bytes(told.largest_context, parallel) <= room
    if told.largest_context < needs.context_length:
        assert needs.kv_bytes(told.largest_context + 1, parallel) > room


def test_a_context_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="5,000 tokens exceeds the 4,096"):
        fit(Footprint(SMALL, 1, 2), 10**9, Asked(5000))


@pytest.mark.parametrize(
    ("written", "memory", "usable"),
    [("16", 16, 16 * 2 / 3), ("36GB", 36, 24), ("48 gb", 48, 36), ("512GiB", 512, 384)],
)
def test_a_mac_is_spoken_of(written: str, memory: int, usable: float) -> None:
    there = machine(written, "apple m4  max")
    assert there.memory_bytes == memory * GB
    assert there.usable_bytes == int(usable * GB) == working_set(memory * GB)
    assert there.limit_bytes == memory_limit(there.usable_bytes) < 0.9 * there.usable_bytes
    assert there.chip is not None
    assert there.chip.name == "M4 Max"


@pytest.mark.parametrize("memory", ["", "0", "GB", "-8", "8TB", "1e3", "9" * 6, "nan", "٣"])
def test_what_is_no_memory_is_refused(memory: str) -> None:
    with pytest.raises(InvalidRequestError, match="write it as 32GB"):
        machine(memory)


def test_an_unknown_chip_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidRequestError, match=r"'M9': use one of M1, .*M5 Max\.$"):
        machine("8GB", "M9")


def test_what_is_too_large_has_an_alternative_that_can_do_the_same() -> None:
    there = machine("16GB", "M4")
    for member in members():
        for repository in member.repositories:
            if of_repository(member, repository, there).fit.verdict == "comfortable":
                continue
            other = alternative(repository.repo_id, there)
            if other is not None:
                assert other.fit.verdict == "comfortable"
                its_member = repositories()[other.name.casefold()][0]
                assert set(member.capabilities) <= set(its_member.capabilities)
    large = alternative("Qwen/Qwen3-32B-MLX-8bit", there)
    assert large is not None
    assert "8B" in large.name
    assert alternative("Qwen/Qwen3-Embedding-8B", machine("1GB")) is None


def test_a_speed_that_was_measured_here_replaces_the_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    there = machine("16GB", "M4")
    folder = DEMOS["demo"]
    before = of_folder("demo", folder, there).speed
    assert before is not None
    assert before.source == "estimated"
    speed.remember(folder, [speed.Depth(16, 100.0, 50.0), speed.Depth(4096, 90.0, 40.0)])
    assert of_folder("demo", folder, there).speed == (90.0, 40.0, "measured here")
    assert of_folder("demo", folder, there, Asked(64)).speed == (100.0, 50.0, "measured here")


def test_more_answers_and_longer_contexts_are_slower_each() -> None:
    chip = chips()["m4 max"]

    def tps(config: ModelConfig, context: int, parallel: int) -> float:
        return speed.estimated(
            chip, config, 4.5, context_length=context, parallel=parallel
        ).decode_tps

    for member in members():
        short, long, together = (
            tps(member.config, *asked) for asked in ((512, 1), (8192, 1), (8192, 4))
        )
        assert short > long > together > long / 4


def test_speeds_are_near_the_published_ones() -> None:
    page = page_module()
    rows = list(page["compared"]())
    assert len(rows) == 18
    assert [row for row, _, ours, theirs in rows if not page["is_near"](ours, theirs)] == []


@pytest.mark.parametrize("name", ["which-model", "scaling"])
def test_the_pages_are_up_to_date(name: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / name), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
