"""AWQ and DWQ by mlx-lm, with the whole model in memory and a calibration text.

AWQ (Lin et al., arXiv:2306.00978) scales the weights that matter most up before rounding, and the
preceding norms and matrices down. DWQ trains scales and biases to match the float model's
predictions; the integers are unchanged. Both return the tensors of a checkpoint by name.
"""

from __future__ import annotations

import contextlib
import importlib.util
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec
from qwen3mlx.errors import UsageError
from qwen3mlx.model.device import usable_memory
from qwen3mlx.model.footprint import compute_dtype, resident_bytes
from qwen3mlx.quoting import size_text

from ..common import TextError
from ..packing import PackedMatrix
from ..recipe import Recipe
from ..source import Source

# Tokens per sample; the most samples for AWQ; the number for DWQ, including repetitions.
LONGEST, AWQ_SAMPLES, DWQ_SAMPLES = 512, 128, 1024
# For DWQ. mlx-lm's own learning rate is for some million tokens, and too low for a short text.
DWQ_RATE, DWQ_BATCH, DWQ_VALIDATION = 2e-5, 4, 8

# DWQ does not train modules of this many bits or more.
MOST_TRAINED = 8

Tensors = dict[str, mx.array]
Documents = Sequence[Sequence[int]]


class Learned:
    """A Quantizer that returns matrices and norms computed in advance."""

    def __init__(self, tensors: Tensors, *, keeps_weights: bool) -> None:
        self._tensors = tensors
        self.keeps_weights = keeps_weights

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        names = ("weight", "scales", "biases")
        parts = [self._tensors.get(f"{module.path}.{name}") for name in names]
        if len(module.shape) == 3:
            parts = [None if part is None else part[index] for part in parts]
        start = 0
        for block in blocks:
            rows = slice(start, start + block.shape[0])
            weight, scales, biases = (None if part is None else part[rows] for part in parts)
            assert weight is not None
            assert scales is not None
            if biases is not None:
                scales, biases = scales.astype(block.dtype), biases.astype(block.dtype)
            yield PackedMatrix(weight, scales, biases)
            start = rows.stop

    def skip(self, module: Module, spec: QuantizationSpec | None, read: object) -> None:
        pass

    def vector(self, name: str, values: mx.array) -> mx.array:
        return self._tensors.get(name, values).astype(values.dtype)


def check(method: str, source: Source, recipe: Recipe) -> None:
    """Raise UsageError if mlx-lm is missing, or cannot quantize this source by this recipe."""
    if importlib.util.find_spec("mlx_lm") is None:
        raise UsageError(
            f"--method {method} needs mlx-lm, which is not installed: run "
            'pip install "qwen3mlx[mlx-lm]", with Python 3.11 or later.'
        )
    if source.is_quantized:
        raise UsageError(
            f"--method {method} needs a float checkpoint; {source.folder} is quantized."
        )
    if recipe.default is None or recipe.default.mode != "affine":
        raise UsageError(
            f"--method {method} works on affine integers and {recipe.name} has none: use --method "
            "rtn."
        )
    specs = [recipe.default, *(rule.spec for rule in recipe.rules)]
    if method == "dwq" and all(spec is None or spec.bits >= MOST_TRAINED for spec in specs):
        raise UsageError(
            f"mlx-lm's DWQ trains only modules of fewer than {MOST_TRAINED} bits and {recipe.name} "
            "has none: use --method mse."
        )
    if method == "awq" and source.config.num_experts:
        raise UsageError("mlx-lm's AWQ supports dense Qwen3 only: use --method dwq or gptq.")
    if method == "awq" and recipe.rules:
        raise UsageError(
            f"mlx-lm's AWQ gives every module the same bits, unlike {recipe.name}: use a recipe "
            "such as 4bit."
        )
    needed, usable = resident_bytes(source.infos, compute_dtype(source.infos)), usable_memory()
    if needed > usable:
        raise UsageError(
            f"--method {method} needs {size_text(needed)} of memory for the float model, and "
            f"{size_text(usable)} can be used here: use --method gptq."
        )


def awq(source: Source, recipe: Recipe, documents: Documents) -> Tensors:
    """Return the tensors by AWQ, norms included, for a recipe without rules."""
    spec = recipe.default
    assert spec is not None
    ids = [token for document in documents for token in document]
    length = min(LONGEST, len(ids))
    samples = [ids[at : at + length] for at in range(0, len(ids) - length + 1, length)]
    with _mlx_lm(compute_dtype(source.infos)) as load:
        from mlx_lm.quant.awq import AWQ_MODEL_CONFIGS, awq_quantize

        model = load(source.folder)
        awq_quantize(
            model,
            mx.array(samples[:AWQ_SAMPLES]),
            AWQ_MODEL_CONFIGS["qwen3"],
            group_size=spec.group_size,
            bits=spec.bits,
            embed_group_size=spec.group_size,
            embed_bits=spec.bits,
        )
        return _tensors(model)


def dwq(source: Source, documents: Documents, write_start: Callable[[Path], object]) -> Tensors:
    """Return the tensors by DWQ. `write_start` writes the checkpoint whose scales and biases it
    trains.

    Raises TextError for too few documents.
    """
    samples = [(list(ids[:LONGEST]), 0) for ids in documents]
    if len(samples) < 2 * DWQ_BATCH:
        raise TextError(
            f"--method dwq needs at least {2 * DWQ_BATCH} documents of text, not {len(samples)}: "
            "separate them by lines of ---."
        )
    random.Random(0).shuffle(samples)
    held = max(DWQ_BATCH, min(DWQ_VALIDATION, len(samples) // 8))
    validation, training = samples[:held], samples[held:]
    repeats = -(-DWQ_SAMPLES // len(training))
    dtype = compute_dtype(source.infos)
    with _mlx_lm(dtype) as load, tempfile.TemporaryDirectory(prefix="qwen3mlx-dwq-") as folder:
        from mlx.optimizers import Adam
        from mlx_lm.quant.dwq import dwq_quantize

        write_start(Path(folder) / "start")
        student, teacher = load(Path(folder) / "start"), load(source.folder)
        dwq_quantize(
            student,
            lambda batch, index, split: teacher(batch),
            Adam(learning_rate=DWQ_RATE, bias_correction=True),
            (training * repeats)[:DWQ_SAMPLES],
            validation,
            batch_size=DWQ_BATCH,
            max_seq_length=LONGEST + 1,
            seed=0,
            dtype=dtype,
        )
        return _tensors(student)


@contextlib.contextmanager
def _mlx_lm(dtype: mx.Dtype) -> Iterator[Callable[[Path], Any]]:
    """Return mlx-lm's loader of a model that computes in `dtype`; redirect its output to stderr."""
    with contextlib.redirect_stdout(sys.stderr):
        from mlx_lm.utils import load_model
        from tqdm import tqdm  # type: ignore[import-untyped]

        tqdm.monitor_interval = 0  # it would leave a thread behind

        def load(folder: Path) -> Any:
            model = load_model(folder, lazy=True)[0]
            model.set_dtype(dtype)
            mx.eval(model.parameters())
            return model

        mx.random.seed(0)
        yield load


def _tensors(model: Any) -> Tensors:
    from mlx.utils import tree_flatten

    tensors: Tensors = dict(tree_flatten(model.parameters()))
    mx.eval(list(tensors.values()))
    return tensors
