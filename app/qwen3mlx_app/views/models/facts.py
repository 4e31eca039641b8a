"""What is said of a model on one line."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ...domain import BrokenModel, ModelEntry
from ...services.server_errors import told
from ..sizes import count_text, size_text

translate = QCoreApplication.translate


def facts(entry: ModelEntry | BrokenModel) -> str:
    """Its size, quantization, and whether it fits in memory; or why it cannot be loaded."""
    if isinstance(entry, BrokenModel):
        return told(entry.reason)
    parts = [entry.params, quantization(entry), size_text(entry.size_bytes), fit_text(entry)]
    return " · ".join(filter(None, parts))


def quantization(entry: ModelEntry) -> str:
    return entry.quantization or translate("facts", "not quantized")


def fit_text(entry: ModelEntry) -> str:
    """In few words; the Models page has the numbers."""
    if entry.fit.verdict == "comfortable":
        return translate("facts", "fits")
    if entry.fit.verdict == "tight":
        return translate("facts", "context up to {count}").format(
            count=count_text(entry.fit.largest_context)
        )
    return translate("facts", "too large")


def state_text(entry: ModelEntry | BrokenModel) -> str:
    if isinstance(entry, BrokenModel):
        return translate("facts", "Cannot be loaded")
    if entry.state == "loading":
        percent = round(100 * (entry.load_progress or 0))
        return translate("facts", "Loading {percent}%").format(percent=percent)
    return translate("facts", "Loaded") if entry.state == "loaded" else ""
