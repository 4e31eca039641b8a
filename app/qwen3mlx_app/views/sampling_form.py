"""Sampling, a field for each of its numbers; an empty one leaves it to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from ..controllers.limits import LimitsController
from .number_field import NumberField
from .plain import Label
from .ranges import help_text
from .theme import GAP
from .widgets import hint_label

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
# The width of a field, in characters.
DIGITS = 9


class SamplingForm(QWidget):
    """`changed(mapping)`: what is set now of `names`, while it is typed; `entered(mapping)` after.

    Below each field are a line of help and what the number may be.
    """

    changed = Signal(object)
    entered = Signal(object)

    def __init__(
        self, names: Sequence[str], limits: LimitsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        form = QGridLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(2)
        form.setColumnStretch(0, 1)
        self._limits = limits
        self._fields: dict[str, NumberField] = {}
        self._hints: dict[str, Label] = {}
        labels = self._labels()
        for row, name in enumerate(names):
            field = NumberField(limits.of("sampling", name), labels[name], self)
            field.setFixedWidth(field.fontMetrics().horizontalAdvance("0" * DIGITS) + 2 * GAP)
            field.typed.connect(lambda _: self.changed.emit(self.values()))
            field.edited.connect(lambda _: self.entered.emit(self.values()))
            label = Label(labels[name], self)
            label.setWordWrap(True)
            label.setBuddy(field)
            hint = hint_label("", self)
            form.addWidget(label, 3 * row, 0)
            form.addWidget(field, 3 * row, 1, Qt.AlignmentFlag.AlignRight)
            form.addWidget(hint, 3 * row + 1, 0, 1, 2)
            form.addWidget(field.show_refusal(self), 3 * row + 2, 0, 1, 2)
            form.setRowMinimumHeight(3 * row + 2, GAP - 2)
            self._fields[name], self._hints[name] = field, hint
        self._set_limits()
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
        helps = self._helps()
        for name, field in self._fields.items():
            limits = self._limits.of("sampling", name)
            field.set_limits(limits)
            text = help_text(helps[name], limits)
            self._hints[name].setText(text)
            field.setAccessibleDescription(text)

    def _otherwise(self, name: str) -> str:
        return {
            "max_tokens": self.tr("no limit"),
            "seed": self.tr("random"),
        }.get(name, self.tr("off"))

    def _labels(self) -> dict[str, str]:
        return {
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

    def _helps(self) -> dict[str, str]:
        return {
            "temperature": self.tr("Higher values make answers more varied."),
            "top_p": self.tr("Samples only from the likeliest tokens with this total probability."),
            "top_k": self.tr("Samples only from this many of the likeliest tokens."),
            "min_p": self.tr("Drops tokens below this share of the likeliest one's probability."),
            "presence_penalty": self.tr("Avoids tokens that have appeared."),
            "frequency_penalty": self.tr("Avoids tokens the more often they have appeared."),
            "repetition_penalty": self.tr("Above 1, avoids repeating the text so far."),
            "max_tokens": self.tr("Ends an answer after this many tokens."),
            "seed": self.tr("The same seed gives the same answer."),
        }
