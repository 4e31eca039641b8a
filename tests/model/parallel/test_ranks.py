"""Ranks in processes of their own give the logits of one process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import LoadOptions, ModelConfig
from qwen3mlx.library.scaling import exchange
from qwen3mlx.model import load_model
from tests.model.conftest import GOLDEN_NAMES
from tests.model.support import GOLDENS, quantize_checkpoint, random_ids, relative_difference
from tests.support.checkpoints import (
    Shape,
    hf_config,
    num_bytes,
    tensor_shapes,
    write_checkpoint,
)
from tests.support.ranks import run_ranks

from .rank import all_logits

TOLERANCE = 1e-5
# Heads and neurons for four ranks, in groups of 32.
WIDE = Shape(
    hidden_size=64,
    intermediate_size=256,
    num_hidden_layers=4,
    num_attention_heads=8,
    num_key_value_heads=4,
)
WIDE_MOE = Shape(**{**WIDE.__dict__, "num_experts": 4, "tie_word_embeddings": True})

Job = dict[str, Any]


def of_ranks(size: int, jobs: list[Job], folder: Path) -> list[list[Any]]:
    """For each job, what each rank has written."""
    folder.mkdir()
    (folder / "jobs.json").write_text(json.dumps(jobs))
    run_ranks(size, "tests.model.parallel.rank", folder, str(folder / "jobs.json"), str(folder))
    return [
        [np.load(folder / f"{index}.{rank}.npz") for rank in range(size)]
        for index in range(len(jobs))
    ]


def check(size: int, jobs: list[Job], folder: Path, tolerance: float = TOLERANCE) -> None:
    for job, ranks in zip(jobs, of_ranks(size, jobs, folder / "ranks"), strict=True):
        model = load_model(job["folder"], options=LoadOptions(kv_bits=job.get("kv_bits")))
        expected = all_logits(model, mx.array(job["ids"]))
        first = ranks[0]["logits"]
        assert relative_difference(first, expected) <= tolerance, job
        for rank in ranks[1:]:  # the same bits: they must draw the same tokens
            assert np.array_equal(rank["logits"], first), job
        check_exchanged(model.config, job["mode"], [list(rank["exchanged"]) for rank in ranks])
        held = [int(rank["held"]) for rank in ranks]
        assert model.nbytes <= sum(held) <= model.nbytes * 1.05, job
        assert [int(rank["nbytes"]) for rank in ranks] == held


def check_exchanged(config: ModelConfig, mode: Any, ranks: list[list[int]]) -> None:
    """The formula of docs/scaling.md is what was counted."""
    expected = exchange(config, len(ranks), mode, value_bytes=4)
    for sums, gathers, sends, _ in ranks:
        assert (sums, gathers) == (expected.num_sums, expected.num_gathers)
        assert sends <= 1
    assert sum(rank[2] for rank in ranks) == expected.num_sends
    assert max(rank[3] for rank in ranks) == expected.sent_bytes


def jobs_for(folders: list[Path], **more: Any) -> list[Job]:
    ids = random_ids((2, 24)).tolist()
    return [
        {"folder": str(folder), "mode": mode, "ids": ids, **more}
        for folder in folders
        for mode in ("tensor", "pipeline")
    ]


def test_two_ranks(tmp_path: Path) -> None:
    check(2, jobs_for([GOLDENS / "dense_tied", GOLDENS / "moe_mixed"]), tmp_path)


@pytest.mark.slow
def test_two_ranks_on_all_goldens(tmp_path: Path) -> None:
    check(2, jobs_for([GOLDENS / name for name in GOLDEN_NAMES]), tmp_path)


def quantized(source: Path, folder: Path, bits: int) -> Path:
    return quantize_checkpoint(source, folder, {"group_size": 32, "bits": bits}).quantized


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 4])
def test_formats(size: int, tmp_path: Path) -> None:
    folders = []
    for name, shape in (("dense", WIDE), ("moe", WIDE_MOE)):
        source = write_checkpoint(tmp_path / name, shape)
        bits = [quantized(source, tmp_path / f"{name}-{bits}", bits) for bits in (4, 8)]
        folders += [source, *bits]
    check(size, jobs_for(folders), tmp_path)


@pytest.mark.slow
def test_quantized_keys_and_values(tmp_path: Path) -> None:
    """A number next to the border of two of theirs may be rounded the other way."""
    source = write_checkpoint(tmp_path / "dense", WIDE)
    check(2, jobs_for([source], kv_bits=8), tmp_path, tolerance=5e-3)


@pytest.mark.slow
def test_three_ranks_share_layers_and_an_odd_vocabulary(tmp_path: Path) -> None:
    shape = Shape(**{**WIDE.__dict__, "num_hidden_layers": 5, "vocab_size": 331})
    source = write_checkpoint(tmp_path / "odd", shape)
    check(3, [job for job in jobs_for([source]) if job["mode"] == "pipeline"], tmp_path)


QWEN3_0_6B = Shape(
    hidden_size=1024,
    intermediate_size=3072,
    num_hidden_layers=28,
    num_attention_heads=16,
    num_key_value_heads=8,
    head_dim=128,
    vocab_size=151936,
    tie_word_embeddings=True,
)


def write_zeros(folder: Path, shape: Shape) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(hf_config(shape, "bfloat16")))
    tensors = {name: mx.zeros(size, mx.bfloat16) for name, size in tensor_shapes(shape)}
    mx.save_safetensors(str(folder / "model.safetensors"), tensors)
    return folder


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("mode", ["tensor", "pipeline"])
def test_a_rank_takes_its_part_of_the_memory(mode: str, tmp_path: Path) -> None:
    folder = write_zeros(tmp_path / "zeros", QWEN3_0_6B)
    job = {"folder": str(folder), "mode": mode, "ids": []}
    whole = 4 * num_bytes(QWEN3_0_6B, "bfloat16") // 2  # float32 on the CPU
    for rank in of_ranks(2, [job], tmp_path / "ranks")[0]:
        assert int(rank["peak"]) - int(rank["base"]) <= whole / 2 * 1.15
