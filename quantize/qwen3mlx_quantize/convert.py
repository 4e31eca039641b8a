"""Runs a conversion: weights module by module, other files, verification, and the final name.

For one tensor, `steps` lets `source` read its rows, the `quantizer` pack them, and `staging` write
them and finally read them back.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mlx.core as mx

from qwen3mlx import __version__ as VERSION
from qwen3mlx.errors import MemoryBudgetError
from qwen3mlx.quoting import size_text

from . import card, texts
from .card import MLX_VERSION
from .common import ConversionError
from .companions import companion_names, copy_companions, write_manifest
from .conversion import Conversion, QuantizeResult
from .events import OnEvent, ignore
from .output import check_output, check_space
from .quality import Quality, measure
from .quantizer import Quantizer
from .source import FloatSource
from .staging import WRITES, Staging
from .steps import write_steps
from .texts import Tokens

# Bytes of freed memory that MLX keeps for the next module, which has similar sizes.
CACHE = 128 << 20
Describe = Callable[[Conversion[FloatSource], QuantizeResult], str]


def convert(
    conversion: Conversion[FloatSource],
    quantizer: Quantizer,
    on_event: OnEvent = ignore,
    *,
    describe: Describe = card.text,
) -> QuantizeResult:
    """Write `conversion.output`: complete and verified, or not at all.

    `describe` makes the model card.

    Raises CheckpointError for a fault of the source, else ConversionError.
    """
    start = time.perf_counter()
    source, plan, output = conversion.source, conversion.plan, conversion.output
    # A missing tokenizer is reported before any work.
    tokens = _evaluation(conversion) if conversion.measure else None
    if not conversion.resume:
        check_output(source, output)
        check_space(plan, output)
    staging = Staging(output, plan, _identity(conversion), resume=conversion.resume)
    cache = mx.set_cache_limit(CACHE)
    try:
        write_steps(source, plan, staging, quantizer, on_event)
        result = QuantizeResult(
            output, plan, errors=staging.errors, seconds=time.perf_counter() - start
        )
        return _complete(conversion, staging, result, tokens, on_event, describe)
    except OSError as error:
        staging.discard()
        if error.errno != errno.ENOSPC:
            raise
        raise ConversionError(
            f"The disk of {output} is full; nothing was left there: free {size_text(plan.nbytes)} "
            "and try again."
        ) from None
    finally:
        staging.close()
        mx.set_cache_limit(cache)


def _evaluation(conversion: Conversion[FloatSource]) -> Tokens:
    source, calibration = conversion.source, conversion.calibration
    if calibration is None:
        return texts.evaluation(source.folder)
    return texts.evaluation(source.folder, calibrated=calibration.digests, held=calibration.held)


def _complete(
    conversion: Conversion[FloatSource],
    staging: Staging,
    result: QuantizeResult,
    tokens: Tokens | None,
    on_event: OnEvent,
    describe: Describe,
) -> QuantizeResult:
    """Write the files beside the weights, verify the weights, and rename the folder."""
    folder = staging.folder
    copy_companions(conversion.source, conversion.plan, folder)
    if tokens is not None:
        result = replace(result, quality=_quality(conversion, staging, tokens, on_event))
    (folder / "README.md").write_text(describe(conversion, result), encoding="utf-8")
    verified = staging.verify(on_event)
    write_manifest(folder, conversion, verified)
    staging.finish()
    return result


def _quality(
    conversion: Conversion[FloatSource], staging: Staging, tokens: Tokens, on_event: OnEvent
) -> Quality:
    """Measure the staged checkpoint against the source."""
    try:
        (quality,) = measure([staging.folder], conversion.source.folder, tokens, on_event)
    except MemoryBudgetError as error:
        raise ConversionError(
            f"{error} The weights are written but could not be measured: use --resume without "
            "--evaluate."
        ) from None
    return quality


def _identity(conversion: Conversion[FloatSource]) -> dict[str, Any]:
    """Return what a resumed run must share with the interrupted one, and the names of the files
    beside the weights.
    """
    files, calibration = conversion.source.files, conversion.calibration
    stats = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    return {
        "source": stats,
        "recipe": repr(conversion.plan.recipe),
        "method": conversion.method,
        "versions": [VERSION, MLX_VERSION],
        "calibration": None if calibration is None else sorted(calibration.digests),
        WRITES: companion_names(conversion.source),
    }
