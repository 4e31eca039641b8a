"""`evaluate`: compares checkpoints with a reference, and returns the figures and the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import html_report, texts
from .events import OnEvent, ignore
from .quality import Quality, measure
from .request import EvaluateRequest


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of each candidate, in the order of the request; `report` is the page written."""

    qualities: list[Quality]
    report: Path | None = None

    def as_json(self) -> list[dict[str, Any]]:
        return [quality.as_json() for quality in self.qualities]


def evaluate(request: EvaluateRequest, on_event: OnEvent = ignore) -> Evaluation:
    """Measure each candidate, holding one model in memory at a time; on no document that
    calibrated one of them.

    Raises CheckpointError, ConversionError without any tokenizer, MemoryBudgetError, TextError,
    UsageError if the vocabularies differ.
    """
    candidates, reference = list(request.candidates), request.reference
    tokenizer = next(
        (f for f in (reference, *candidates) if (f / "tokenizer.json").exists()), reference
    )
    calibrated = {one for f in (reference, *candidates) for one in texts.calibrated_with(f)}
    tokens = texts.evaluation(reference, request.text, tokenizer=tokenizer, calibrated=calibrated)
    found = measure(candidates, reference, tokens, on_event)
    if request.report is not None:
        page = html_report.text(found, candidates, reference, on_event)
        request.report.write_text(page, encoding="utf-8")
    return Evaluation(found, request.report)
