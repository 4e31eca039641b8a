"""`run`: carries out a conversion request, for the command line and for Python."""

from __future__ import annotations

from .choices import check_method, choose_calibration, choose_quantizer, choose_recipe
from .conversion import Conversion, QuantizeResult
from .convert import convert
from .events import JobWarning, OnEvent, ignore
from .output import check_output, check_space
from .packing import Method
from .plan import build_plan
from .quality import check_writes_text
from .request import CALIBRATED, QuantizeRequest
from .sensitivity import bytes_left, widest
from .source import Source
from .staging import check_unused
from .texts import Calibration
from .texts.own_answers import Answer


def run(
    request: QuantizeRequest, on_event: OnEvent = ignore, *, answer: Answer | None = None
) -> QuantizeResult:
    """Write the new checkpoint: complete and verified, or not at all.

    `answer` makes the source answer prompts, to calibrate with: the engine is above this package.
    An exception raised by `on_event` interrupts the conversion, which `resume` continues.

    Raises CheckpointError for a fault of the source; ConversionError if the result cannot be
    written; TextError for the calibration text; UsageError for options that do not fit the source.
    """
    source, output = Source(request.source), request.output
    recipe, method = request.recipe_and_method()
    if request.measure or request.is_auto or method in ("awq", "dwq"):
        check_writes_text(source.folder, source.config)
    if source.is_quantized and recipe.quantizes:
        on_event(JobWarning("The source is already quantized; its quality loss remains."))
    check_output(source, output)
    if not request.dry_run:
        check_unused(output, resume=request.resume)
        if not request.is_auto:  # before a calibration, which takes long
            check_method(source, recipe, method)
            plan = build_plan(source, recipe)
            if not request.resume:
                check_space(plan, output)
    target = _target(request, source, on_event) if request.is_auto else None
    if target is not None and (fitting := widest(source, target)) is not None:
        recipe, target = fitting, None
    calibration = None
    if target is not None or (method in CALIBRATED and not request.dry_run):
        calibration = _calibration(request, source, method, answer, on_event)
        if target is not None:
            recipe = choose_recipe(source, target, calibration, on_event)
    plan = build_plan(source, recipe)
    if request.dry_run or not request.resume:
        check_space(plan, output)
    if request.dry_run:
        return QuantizeResult(output, plan, dry_run=True)
    conversion = Conversion(
        source,
        output,
        plan,
        method,
        request.resume,
        request.command,
        request.measure,
        calibration=calibration,
    )
    return convert(conversion, choose_quantizer(conversion, on_event), on_event)


def _calibration(
    request: QuantizeRequest,
    source: Source,
    method: Method,
    answer: Answer | None,
    on_event: OnEvent,
) -> Calibration:
    """Return the text to calibrate with. By default, a dry run waits for no answers."""
    if request.dry_run:
        method = "mse"
    found = choose_calibration(source, request.calibration, method, answer, on_event)
    if found.held is not None:
        told = f"Calibration uses {found.name}; the others are kept for evaluation."
        on_event(JobWarning(told))
    return found


def _target(request: QuantizeRequest, source: Source, on_event: OnEvent) -> float:
    """Return the bits per weight of `auto`. Raises InvalidRequestError, UsageError if they are too
    few.
    """
    target = request.target_bpw
    if request.fit is not None:
        from .fitting import target_bpw  # the table of machines

        target = target_bpw(source, request.fit, request.context, on_event)
    assert target is not None
    bytes_left(source, target)
    return target
