"""A program in which mlx-lm quantizes checkpoints and prints their logits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map
from mlx_lm.convert import mixed_quant_predicate_builder
from mlx_lm.utils import load_model, quantize_model, save_config, save_model

from tests.peer.cases import SOURCES, Case, exhaustive, quick
from tests.support.checkpoints import write_checkpoint

BATCH, LENGTH = 2, 19


def main(argv: list[str]) -> None:
    cases = {"quick": quick, "exhaustive": exhaustive}[argv[0]]
    folder = Path(argv[1])
    for name, source in SOURCES.items():
        write_checkpoint(
            folder / "sources" / name,
            source.shape,
            dtype=source.dtype,
            num_shards=source.num_shards,
        )
    for case in cases():
        make(case, folder / "sources" / case.source, folder / str(case))


def make(case: Case, source: Path, folder: Path) -> None:
    if case.mode is None:
        folder.symlink_to(source, target_is_directory=True)
    else:
        quantize(case, source, folder)
    vocab_size = SOURCES[case.source].shape.vocab_size
    ids = np.random.default_rng(1).integers(0, vocab_size, (BATCH, LENGTH))
    np.savez(folder / "expected.npz", ids=ids, logits=float32_logits(folder, ids))


def quantize(case: Case, source: Path, folder: Path) -> None:
    """Do what `mlx_lm.convert --quantize` does between load and save, without the tokenizer."""
    model, config = load_model(source, lazy=True)
    model, config = quantize_model(
        model,
        config,
        case.group_size,
        case.bits,
        mode=case.mode or "affine",
        quant_predicate=predicate(case, model),
    )
    save_model(folder, model)
    save_config(config, config_path=folder / "config.json")


def predicate(case: Case, model: Any) -> Any:
    if case.recipe is not None:
        return mixed_quant_predicate_builder(case.recipe, model, case.group_size)  # type: ignore[arg-type]
    if not case.overrides:
        return None

    def override(path: str, module: Any) -> bool | dict[str, object]:
        for ending, answer in case.overrides:
            if path.endswith(ending):
                return answer
        return True

    return override


def float32_logits(folder: Path, ids: np.ndarray) -> np.ndarray:
    """Packed weights stay as they are; everything that is floating point becomes float32."""
    model, _ = load_model(folder)

    def cast(x: mx.array) -> mx.array:
        return x.astype(mx.float32) if mx.issubdtype(x.dtype, mx.floating) else x

    model.update(tree_map(cast, model.parameters()))
    logits = model(mx.array(ids))
    assert logits.dtype == mx.float32
    return np.array(logits)


if __name__ == "__main__":
    main(sys.argv[1:])
