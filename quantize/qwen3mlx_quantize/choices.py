"""Choices that need the source: the bits of `auto`, and the quantizer of a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import sensitivity
from .calibrate import Calibrated
from .conversion import Conversion
from .convert import convert
from .events import OnEvent, ignore
from .methods import learned
from .methods.learned import Learned
from .packing import Method
from .plan import build_plan
from .quantizer import DataFree, Quantizer
from .recipe import Recipe
from .request import CALIBRATED
from .source import Source
from .texts import Calibration


def choose_recipe(
    source: Source, target_bpw: float, calibration: Calibration, on_event: OnEvent
) -> Recipe:
    """Choose bits for each module by sensitivity (`auto`). Raises UsageError."""
    costs = sensitivity.measure(source, calibration.documents, on_event)
    return sensitivity.recipe(source, costs, target_bpw)


def check_method(source: Source, recipe: Recipe, method: Method) -> None:
    """Raise UsageError if the method cannot quantize this source by this recipe."""
    if method in ("awq", "dwq"):
        learned.check(method, source, recipe)


def choose_quantizer(conversion: Conversion[Source], on_event: OnEvent = ignore) -> Quantizer:
    """Return the quantizer for the conversion's method. Raises UsageError, TextError."""
    source, method = conversion.source, conversion.method
    check_method(source, conversion.plan.recipe, method)
    if method not in CALIBRATED or conversion.calibration is None:
        return DataFree(method)
    return calibrated(conversion, conversion.calibration.documents, on_event)


def calibrated(
    conversion: Conversion[Source],
    documents: Sequence[Sequence[int]],
    on_event: OnEvent = ignore,
) -> Quantizer:
    """Return the quantizer for gptq, awq or dwq, calibrated on documents of token ids."""
    source, recipe = conversion.source, conversion.plan.recipe
    if conversion.method == "gptq":
        return Calibrated(source, documents, on_event)
    if conversion.method == "awq":
        return Learned(learned.awq(source, recipe, documents), keeps_weights=False)

    def write_start(folder: Path) -> None:
        convert(Conversion(source, folder, build_plan(source, recipe), "mse"), DataFree("mse"))

    return Learned(learned.dwq(source, documents, write_start), keeps_weights=True)
