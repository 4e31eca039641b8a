"""Choices that need the source: the bits of `auto`, and the quantizer of a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qwen3mlx.errors import MemoryBudgetError, TemplateError, UsageError
from qwen3mlx.library import kind_of

from . import sensitivity, texts
from .calibrate import Calibrated
from .conversion import Conversion
from .convert import convert
from .events import JobWarning, OnEvent, ignore
from .methods import learned
from .methods.learned import Learned
from .names import name_of
from .packing import Method
from .plan import build_plan
from .quantizer import DataFree, Quantizer
from .recipe import Recipe
from .request import CALIBRATED, SELF
from .source import Source
from .texts import Calibration, own_answers
from .texts.own_answers import Answer
from .tuning import Tuned

# The weights from which on a model's own answers are the default.
REAL = 100_000_000
_SILENT = {"embedding": "an embedding model", "reranker": "a reranker"}


def choose_calibration(
    source: Source,
    path: Path | str | None,
    method: Method,
    answer: Answer | None,
    on_event: OnEvent = ignore,
) -> Calibration:
    """Return the text at `path`, or for SELF the model's own answers.

    By default it is these for a method that needs a text and a chat model of REAL weights or more
    that `answer` can load; else the built-in texts. Raises TextError, ConversionError, and for SELF
    UsageError and what `answer` does.
    """
    if path == SELF:
        if (reason := _why_silent(source, answer)) is not None:
            raise UsageError(f"{reason}: give a text as --calibration, or leave it out.")
        return _own(source, answer, on_event)
    if path is None and method in CALIBRATED and source.config.num_parameters >= REAL:
        reason = _why_silent(source, answer)
        try:
            if reason is None:
                return _own(source, answer, on_event)
        except (MemoryBudgetError, TemplateError) as error:
            reason = str(error).rstrip(".")
        on_event(JobWarning(f"{reason}: the built-in texts calibrate."))
    return texts.calibration(source.folder, None if path is None else Path(path))


def _why_silent(source: Source, answer: Answer | None) -> str | None:
    """Return why the source writes no answers here; None if it does."""
    name = source.folder.name
    noun = _SILENT.get(kind_of(name, source.folder, source.config))
    if noun is not None:
        return f"{name_of(source.folder)} is {noun}, which writes no answers"
    return "The caller of `run` makes no model answer" if answer is None else None


def _own(source: Source, answer: Answer | None, on_event: OnEvent) -> Calibration:
    assert answer is not None
    folder = source.folder
    tokenizer = texts.tokenizer(folder)
    files = [*source.files, *source.companions().values()]
    found = own_answers.answers(folder, files, answer, on_event)
    digests = frozenset(texts.digest(tokenizer.decode(ids).strip()) for ids in found)
    pieces = [piece for ids in found for piece in texts.chunks(ids)]
    return Calibration("the model's own answers to qwen3mlx's prompts", pieces, digests)


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
    """Return the quantizer of a method in CALIBRATED, calibrated on documents of token ids."""
    source, recipe = conversion.source, conversion.plan.recipe
    if conversion.method == "gptq":
        return Calibrated(source, documents, on_event)
    if conversion.method == "autoround":
        return Tuned(source, conversion.plan, documents, on_event)
    if conversion.method == "awq":
        return Learned(learned.awq(source, recipe, documents), keeps_weights=False)

    def write_start(folder: Path) -> None:
        convert(Conversion(source, folder, build_plan(source, recipe), "mse"), DataFree("mse"))

    return Learned(learned.dwq(source, documents, write_start), keeps_weights=True)
