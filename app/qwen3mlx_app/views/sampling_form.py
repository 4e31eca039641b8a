"""Sampling, a field for each of its numbers; an empty one leaves it to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from ..controllers.limits import LimitsController
from .number_field import NumberField
from .plain import Label
from .theme import GAP

# In the order in which they are shown.
NAMES = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "max_tokens",
    "seed",
)


class SamplingForm(QWidget):
    """`changed(mapping)`: what is set now of `names`, while it is typed."""

    changed = Signal(object)

    def __init__(
        self, names: Sequence[str], limits: LimitsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        labels = {
            "temperature": self.tr("Temperature"),
            "top_p": self.tr("Top P"),
            "top_k": self.tr("Top K"),
            "min_p": self.tr("Min P"),
            "presence_penalty": self.tr("Presence penalty"),
            "frequency_penalty": self.tr("Frequency penalty"),
            "repetition_penalty": self.tr("Repetition penalty"),
            "max_tokens": self.tr("Max tokens"),
            "seed": self.tr("Seed"),
        }
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GAP - 2)
        self._limits = limits
        self._fields: dict[str, NumberField] = {}
        for name in names:
            field = NumberField(limits.of("sampling", name), labels[name], self)
            field.typed.connect(lambda _: self.changed.emit(self.values()))
            label = Label(labels[name], self)
            label.setBuddy(field)
            form.addRow(label, field)
            self._fields[name] = field
        limits.changed.connect(self._set_limits)

    def values(self) -> dict[str, float]:
        named = {name: field.value for name, field in self._fields.items()}
        return {name: value for name, value in named.items() if value is not None}

    def show_values(self, values: Mapping[str, Any], defaults: Mapping[str, float]) -> None:
        """`defaults` are the model's: they count where nothing is set."""
        for name, field in self._fields.items():
            if not field.hasFocus() or field.value != values.get(name):
                field.set_value(values.get(name))
            default = defaults.get(name, self._limits.of("sampling", name).default)
            field.suggest(default, self._otherwise(name))

    def _set_limits(self) -> None:
        for name, field in self._fields.items():
            field.set_limits(self._limits.of("sampling", name))

    def _otherwise(self, name: str) -> str:
        return {
            "max_tokens": self.tr("no limit"),
            "seed": self.tr("random"),
        }.get(name, self.tr("off"))
