"""A checkpoint folder -> a quantized one: module by module, resumable, verified, then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx

from qwen3mlx import __version__ as VERSION
from qwen3mlx.config import QuantizationSpec, model_file
from qwen3mlx.errors import MemoryBudgetError, UsageError
from qwen3mlx.quoting import size_text
from qwen3mlx.text import load_tokenizer

from . import card, sensitivity, texts
from .calibrate import Calibrated
from .card import MLX_VERSION
from .common import ConversionError, Progress
from .evaluate import Quality, chunks, evaluate
from .job import Converted, Options
from .methods import learned, mse, rtn
from .methods.learned import Learned
from .packing import Method, PackedMatrix
from .partial import Partial, in_the_way
from .plan import Plan
from .plan import make as make_plan
from .recipe import Recipe
from .source import Module, Source
from .steps import Quantizer, Read, write_steps

MANIFEST = "manifest.json"
INDEX = "model.safetensors.index.json"
# What is not copied: weights in any format, what is written anew, and code.
_LEFT_OUT = [
    ".safetensors",
    ".bin",
    ".pt",
    ".pth",
    ".gguf",
    ".onnx",
    ".h5",
    ".msgpack",
    ".ot",
    ".py",
    ".pyc",
    ".lock",
    ".incomplete",
]
_WRITTEN = {"config.json", "README.md", INDEX, MANIFEST}
# Beyond the result itself, in bytes: tokenizer, card, the file system's own.
SLACK = 64 << 20

# Bytes of freed memory that MLX keeps for what comes next: blocks are alike.
CACHE = 128 << 20


class DataFree:
    """A run of rows at a time, looking at nothing else."""

    keeps_weights = True

    def __init__(self, method: Method) -> None:
        self._searches = method == "mse"

    def packed(
        self, module: Module, spec: QuantizationSpec, index: int, blocks: Iterator[mx.array]
    ) -> Iterator[PackedMatrix]:
        quantized = mse.quantized if self._searches and spec.mode == "affine" else rtn.quantized
        for block in blocks:
            yield quantized(block, spec)

    def seen(self, module: Module, spec: QuantizationSpec | None, read: Read) -> None:
        pass

    def vector(self, name: str, values: mx.array) -> mx.array:
        return values


def quantizer(source: Source, options: Options, calibration: Path | None) -> Quantizer:
    """What packs by `options.method`. Raises UsageError, and TextError for the text."""
    if options.method in ("awq", "dwq"):
        learned.check(options.method, source, options.recipe)
    if options.method in ("gptq", "awq", "dwq"):
        return calibrated(source, options, _documents(source, calibration))
    if calibration is not None and options.recipe.name != "auto":
        raise UsageError("--calibration is for --method gptq, awq and dwq, and for --recipe auto.")
    return DataFree(options.method)


def calibrated(source: Source, options: Options, documents: Sequence[Sequence[int]]) -> Quantizer:
    """gptq, awq or dwq on token ids."""
    if options.method == "gptq":
        return Calibrated(source, documents)
    if options.method == "awq":
        return Learned(learned.awq(source, options.recipe, documents), keeps_weights=False)
    begin = partial(convert, source, options=Options(options.recipe, "mse"))
    return Learned(learned.dwq(source, documents, begin), keeps_weights=True)


def automatic(
    source: Source, target_bpw: float, calibration: Path | None, on_progress: Progress
) -> Recipe:
    """`auto`: bits for each module by measured sensitivity. Raises UsageError, TextError."""
    sensitivity.bytes_left(source, target_bpw)  # before the measurement, which takes minutes
    costs = sensitivity.measure(source, _documents(source, calibration), on_progress)
    return sensitivity.recipe(source, costs, target_bpw)


def _documents(source: Source, calibration: Path | None) -> list[Sequence[int]]:
    if not (source.folder / "tokenizer.json").exists():
        raise ConversionError(
            f"{source.folder} has no tokenizer.json, which calibration needs for its text: use "
            "--method mse and another recipe, or put the file there."
        )
    encode = load_tokenizer(source.folder).encode
    documents = [encode(text) for text in texts.load(calibration)]
    return [piece for ids in documents for piece in chunks(ids, texts.LONGEST)]


def check(source: Source, plan: Plan, output: Path) -> None:
    """Raises ConversionError before any work where the result could not be written."""
    check_place(source, output)
    free, needed = shutil.disk_usage(_first_there(output)).free, plan.nbytes + SLACK
    if free < needed:
        raise ConversionError(
            f"{output} needs {size_text(needed)} and {size_text(free)} are free there: free "
            "some, or choose another disk."
        )


def check_place(source: Source, output: Path) -> None:
    """Raises ConversionError where something is in the way, whatever the result's size."""
    folder, target = source.folder.resolve(), output.resolve()
    if target == folder or folder in target.parents or target in folder.parents:
        raise ConversionError(f"{output} is the source, or in it: choose another folder.")
    if output.exists():
        raise ConversionError(in_the_way(output))
    if not (parent := _first_there(output)).is_dir():
        raise ConversionError(f"{parent} is a file: choose a folder for {output.name}.")


def _first_there(output: Path) -> Path:
    """The nearest of the folders above it that exists."""
    return next(folder for folder in output.resolve().parents if folder.exists())


def convert(
    source: Source,
    output: Path,
    options: Options,
    packs: Quantizer | None = None,
    on_progress: Progress = lambda *_: None,
) -> Converted:
    """Write `output`; it is there whole, verified, or not at all.

    Raises CheckpointError for a fault of the source, else ConversionError.
    """
    start = time.perf_counter()
    plan = make_plan(source, options.recipe)
    if options.measures:
        _documents(source, None)  # a tokenizer that is missing is said before any work
    if not options.resume:
        check(source, plan, output)
    written = Partial(output, plan, _identity(source, options), resume=options.resume)
    cache = mx.set_cache_limit(CACHE)
    try:
        write_steps(source, plan, written, packs or DataFree(options.method), on_progress)
        errors = {name: e["error"] for name, e in written.done.items() if "error" in e}
        seconds = time.perf_counter() - start
        result = Converted(output, plan, errors, seconds)
        result = _complete(source, written, result, options, on_progress)
    except OSError as error:
        written.discard()
        if error.errno != errno.ENOSPC:
            raise
        raise ConversionError(
            f"The disk of {output} is full; nothing was left there: free {size_text(plan.nbytes)} "
            "and try again."
        ) from None
    finally:
        written.close()
        mx.set_cache_limit(cache)
    return result


def _complete(
    source: Source, written: Partial, result: Converted, options: Options, on_progress: Progress
) -> Converted:
    """The files beside the weights; then everything is read back and gets its name."""
    folder, plan = written.folder, result.plan
    for path in sorted(source.folder.iterdir()):
        if _is_copied(path):
            shutil.copyfile(model_file(path), folder / path.name)
    _write_json(folder / "config.json", _config(source, plan))
    _write_json(folder / INDEX, _index(plan))
    if options.measures:
        result = replace(result, quality=_quality(source, folder, on_progress))
    (folder / "README.md").write_text(card.text(source, result, options), encoding="utf-8")
    checked = 0
    for step in written.verify():
        checked += step.module.num_weights if step.module else step.tensors[0].shape[0]
        on_progress(checked, plan.num_weights, "verifying")
    _write_json(folder / MANIFEST, _manifest(folder, options))
    written.finish()
    return result


def _quality(source: Source, folder: Path, on_progress: Progress) -> Quality:
    """Against the source, on the program's own texts."""
    try:
        (quality,) = evaluate([folder], source.folder, _documents(source, None), on_progress)
    except MemoryBudgetError as error:
        raise ConversionError(
            f"{error} The result is written but not measured: use --resume without --evaluate."
        ) from None
    return quality


def _is_copied(path: Path) -> bool:
    hidden, left_out = path.name.startswith("."), path.suffix in _LEFT_OUT
    return path.is_file() and not hidden and not left_out and path.name not in _WRITTEN


def _config(source: Source, plan: Plan) -> dict[str, Any]:
    config = dict(source.raw_config)
    for key in ("quantization", "quantization_config"):
        config.pop(key, None)
    if (entry := plan.quantization()) is not None:
        config |= {"quantization": entry, "quantization_config": entry}
    return dict(sorted(config.items()))


def _index(plan: Plan) -> dict[str, Any]:
    places = {t.name: s.name for s in plan.shards for step in s.steps for t in step.tensors}
    size = sum(step.nbytes for step in plan.steps)
    metadata = {"total_size": size, "total_parameters": plan.num_weights}
    return {"metadata": metadata, "weight_map": dict(sorted(places.items()))}


def _manifest(folder: Path, options: Options) -> dict[str, Any]:
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name not in (MANIFEST, "journal.jsonl"):
            with path.open("rb") as file:
                digest = _sha256(file)
            files[path.name] = {"size": path.stat().st_size, "sha256": digest}
    return {
        "format": 1,
        "recipe": options.recipe.name,
        "method": options.method,
        "qwen3mlx": VERSION,
        "mlx": MLX_VERSION,
        "files": files,
    }


def _sha256(file: Any) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _identity(source: Source, options: Options) -> dict[str, Any]:
    """What a resumed run must have in common with the one that was stopped."""
    files = sorted({info.shard for info in source.infos.values()})
    stats = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    return {
        "source": stats,
        "recipe": repr(options.recipe),
        "method": options.method,
        "versions": [VERSION, MLX_VERSION],
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
