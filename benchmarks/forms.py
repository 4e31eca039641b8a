"""Every form of a checkpoint that loads: how far it is from its right value, and how long it takes.

    python -m benchmarks.forms && scripts/models      benchmarks/forms.json, then docs/models.md

The checkpoints are those of the tests, a few layers with random weights: the times tell the forms
apart, and say nothing about large models.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from qwen3mlx_quantize import QuantizeRequest, Recipe, run
from qwen3mlx_quantize.gguf import ImportRequest, run_import
from qwen3mlx_quantize.gguf.names import tensor_name
from qwen3mlx_quantize.recipe import Rule
from qwen3mlx_quantize.source import Source

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model import load_model
from tests.model.support import (
    copy_checkpoint,
    random_ids,
    read_tensors,
    relative_difference,
    replace_tensors,
)
from tests.support.checkpoints import Shape
from tests.support.foreign import awq, gptq, write_fp8, write_pair
from tests.support.gguf_files import write_gguf

MEASURED = Path(__file__).with_name("forms.json")
STORED = Path(__file__).parents[1] / "tests" / "data" / "forms"
TRANSFORMERS, NUMPY, LIBRARY = "transformers 5.24", "the numbers' meaning, by numpy", "gguf 0.19"
MLX = "MLX's own floats of them"
SHAPE = Shape(num_hidden_layers=2)
# As K-quants need.
WIDE = replace(SHAPE, hidden_size=256, head_dim=64)
_SPEC = QuantizationSpec(32, 4)
# Groups that the narrow checkpoints have, also in their routers.
RECIPE = Recipe("4bit", "", _SPEC, (Rule(("*.mlp.gate",), QuantizationSpec(32, 8)),))
_YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
_RUNS = 5


class Case(NamedTuple):
    """A checkpoint in a form, and what it must give for `ids`: the outputs, or the last ones."""

    folder: Path
    ids: mx.array
    expected: Any
    last_only: bool = False

    def difference(self) -> float:
        """Return the largest difference, in units of the largest right value."""
        output = load_model(self.folder)(self.ids)
        return relative_difference(output[:, -1] if self.last_only else output, self.expected)


class Form(NamedTuple):
    """`make` writes the checkpoint into a folder; `source` says where the right value is from."""

    name: str
    source: str
    make: Callable[[Path], Case]


def forms() -> Iterator[Form]:
    """Yield all of them, in the order of the table."""
    yield Form("Qwen3-Embedding", TRANSFORMERS, partial(_stored, name="embedding"))
    classifier = partial(_stored, name="classifier_1", last_only=True)
    yield Form("Qwen3-Reranker as a classifier", TRANSFORMERS, classifier)
    yield Form("MoE, experts one by one", TRANSFORMERS, partial(_stored, name="moe"))
    yield Form("MoE, experts in stacks", TRANSFORMERS, partial(_stored, name="moe_fused"))
    for name, scaling in (
        ("linear", {"rope_type": "linear", "factor": 2.0}),
        ("dynamic", {"rope_type": "dynamic", "factor": 2.0}),
        ("attn_factor", {**_YARN, "attn_factor": 0.8782488562869419}),
    ):
        yield Form(f"rope: {name}", TRANSFORMERS, partial(_rotated, name=name, scaling=scaling))
    for bits in (1, 2, 3, 4, 5, 6, 8):
        yield Form(f"MLX, {bits} bit", MLX, partial(_affine, bits=bits))
    yield Form("AWQ", NUMPY, partial(_published, {"quant_method": "awq"}, awq()))
    for bits in (2, 3, 4, 8):
        config = {"quant_method": "gptq", "bits": bits}
        yield Form(f"GPTQ, {bits} bit", NUMPY, partial(_published, config, gptq(bits)))
    config = {"quant_method": "gptq", "desc_act": True}
    own = gptq(4, 32, desc_act="own")
    yield Form("GPTQ, desc_act", NUMPY, partial(_published, config, own))
    yield Form("FP8", NUMPY, _fp8)
    for kind in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "BF16"):
        yield Form(f"GGUF {kind}, imported", LIBRARY, partial(_gguf, kind=kind))


def measured(form: Form) -> dict[str, object]:
    """Return a row of the table; times in milliseconds, medians of a few runs."""
    with tempfile.TemporaryDirectory() as made:
        case = form.make(Path(made))
        model = load_model(case.folder)
        results = iter(range(_RUNS))
        return {
            "form": form.name,
            "source": form.source,
            "difference": case.difference(),
            "load_ms": _ms(lambda: load_model(case.folder)),
            "quantize_ms": _ms(lambda: _quantized(case.folder, Path(made, f"{next(results)}-4"))),
            "compute_ms": _ms(lambda: mx.eval(model(case.ids))),
        }


def main() -> None:
    rows = [measured(form) for form in forms()]
    MEASURED.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _stored(folder: Path, name: str, *, last_only: bool = False) -> Case:
    arrays = np.load(STORED / name / "expected.npz")
    return Case(STORED / name, mx.array(arrays["ids"]), arrays["output"], last_only)


def _rotated(folder: Path, name: str, scaling: dict[str, object]) -> Case:
    changes = {"rope_scaling": scaling, "rope_theta": 1e4}
    copy_checkpoint(STORED / "causal", folder / "model", changes, ["rope_parameters"])
    arrays = np.load(STORED / "causal" / "expected.npz")
    return Case(folder / "model", mx.array(arrays["ids"]), arrays[name])


def _affine(folder: Path, bits: int) -> Case:
    """Matrices packed by MLX itself, beside what its integers, scales and biases mean."""
    changes = {"quantization": {"group_size": 32, "bits": bits}}
    one = copy_checkpoint(STORED / "causal", folder / "packed", changes)
    other = copy_checkpoint(STORED / "causal", folder / "floats")
    packed = dict(read_tensors(one))
    floats = dict(packed)
    for name, array in read_tensors(one).items():
        if array.ndim == 2:
            weight, scales, biases = mx.quantize(array.astype(mx.float32), 32, bits)
            path = name.removesuffix(".weight")
            packed |= {name: weight, f"{path}.scales": scales, f"{path}.biases": biases}
            floats[name] = mx.dequantize(weight, scales, biases, 32, bits)
    replace_tensors(one, packed)
    replace_tensors(other, floats)
    ids = random_ids((2, 48), 64)
    return Case(one, ids, load_model(other)(ids))


def _published(config: dict[str, object], make: Any, folder: Path) -> Case:
    pair = write_pair(folder, SHAPE, config, make)
    ids = random_ids((2, 48))
    return Case(pair.published, ids, load_model(pair.floats)(ids))


def _fp8(folder: Path) -> Case:
    pair = write_fp8(folder, SHAPE)
    ids = random_ids((2, 48))
    return Case(pair.published, ids, load_model(pair.floats)(ids))


def _gguf(folder: Path, kind: str) -> Case:
    """The imported file, beside the numbers that the `gguf` library reads in it."""
    file = write_gguf(folder / "model.gguf", WIDE, kind)
    run_import(ImportRequest(source=file.path, output=folder / "imported"))
    source = Source(folder / "imported")
    config = {key: source.raw_config[key] for key in source.raw_config if "quantization" not in key}
    paths = [*(module.path for module in source.modules), *source.config.norms()]
    (folder / "floats").mkdir()
    (folder / "floats" / "config.json").write_text(json.dumps(config))
    floats = {f"{path}.weight": mx.array(file.floats[tensor_name(path)]) for path in paths}
    mx.save_safetensors(str(folder / "floats" / "model.safetensors"), floats)
    ids = random_ids((2, 48))
    return Case(folder / "imported", ids, load_model(folder / "floats")(ids))


def _quantized(source: Path, output: Path) -> None:
    run(QuantizeRequest(source=source, output=output, recipe=RECIPE, method="rtn"))


def _ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


if __name__ == "__main__":
    main()
