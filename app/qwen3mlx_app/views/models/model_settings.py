"""A model's load settings and default sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...controllers.models import ModelsController
from ...domain import ModelEntry, ModelSettings
from ...limits import Limits
from ..fields import NoScrollComboBox
from ..number_field import NumberField
from ..page import Group
from ..plain import Button
from ..ranges import help_text
from ..sampling_form import SamplingForm
from ..theme import GAP, Theme
from ..widgets import section

# The sampling parameters that can have defaults per model.
SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
)
FACTORS = (2, 4)


class ModelSettingsForm(QWidget):
    """Each change is saved at once; it counts when the model is loaded again."""

    def __init__(
        self, models: ModelsController, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._models = models
        self._entry: ModelEntry | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(section(self.tr("Loading"), self))
        layout.addWidget(self._loading())
        title = self.tr("Default sampling")
        layout.addWidget(section(title, self))
        self._sampling = SamplingForm(SAMPLING, models.limits, self)
        self._sampling.entered.connect(lambda values: self._change(title, sampling=values))
        layout.addWidget(self._sampling)
        self._reset = Button(self.tr("Reset to Model Defaults"), self)
        self._reset.clicked.connect(self._set_defaults)
        layout.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignLeft)
        models.limits.changed.connect(self._set_limits)
        models.models.dataChanged.connect(self._refresh)
        models.refreshed.connect(self._refresh)

    def show_entry(self, entry: ModelEntry) -> None:
        self._entry = entry
        self._show(entry.settings)

    def _loading(self) -> Group:
        group = Group(self)
        title = self.tr("Context length (tokens)")
        self._context = NumberField(self._limit("context_length"), title, self)
        self._context.edited.connect(
            lambda value: self._change(title, context_length=None if value is None else int(value))
        )
        self._context_help = group.add_row(title, self._context, " ")
        self._yarn = self._choice(
            group,
            self.tr("Context extension (YaRN)"),
            [(self.tr("Off"), None), *((self._times(factor), factor) for factor in FACTORS)],
            self.tr("Use it only for long texts; it can lower the quality on short ones."),
            self._set_factor,
        )
        self._kv = self._choice(
            group,
            self.tr("KV cache"),
            [(self.tr("Full precision"), None), (self.tr("8-bit"), 8), (self.tr("4-bit"), 4)],
            self.tr("Fewer bits fit more context in memory."),
            lambda bits: self._change(self.tr("KV cache"), kv_bits=bits),
        )
        idle = self.tr("Unload after idle (min)")
        self._ttl = NumberField(_in_minutes(self._limit("ttl")), idle, self)
        self._ttl.edited.connect(
            lambda value: self._change(idle, ttl=None if value is None else value * 60)
        )
        group.add_row(
            idle,
            self._ttl,
            self.tr("How long the model stays loaded without requests. More than 0 minutes."),
        )
        return group

    def _choice(
        self,
        group: Group,
        title: str,
        choices: Sequence[tuple[str, int | None]],
        hint: str,
        choose: Callable[[int | None], None],
    ) -> NoScrollComboBox:
        box = NoScrollComboBox(self)
        box.setAccessibleName(title)
        for text, value in choices:
            box.addItem(text, value)
        box.activated.connect(lambda place: choose(box.itemData(place)))
        group.add_row(title, box, hint)
        return box

    def _limit(self, name: str) -> Limits:
        return self._models.limits.of("load", name)

    def _set_limits(self) -> None:
        self._context.set_limits(self._limit("context_length"))
        self._ttl.set_limits(_in_minutes(self._limit("ttl")))

    def _refresh(self) -> None:
        """Show settings that were changed elsewhere, or undone."""
        entry = self._models.models.find(self._entry.id) if self._entry else None
        if entry is not None and self._entry is not None:
            changed = entry.settings != self._entry.settings
            self._entry = entry
            if changed:
                self._show(entry.settings)

    def _show(self, settings: ModelSettings) -> None:
        entry = self._entry
        assert entry is not None
        self._context.set_value(settings.context_length)
        self._context.suggest(entry.fit.context_length, "")
        text = self.tr("A longer context needs more memory. What fits:")
        limits, fits = self._limit("context_length"), entry.fit.largest_context
        self._context_help.setText(help_text(text, limits, fits))
        self._kv.setCurrentIndex(self._kv.findData(settings.kv_bits))
        self._ttl.set_value(None if settings.ttl is None else settings.ttl / 60)
        self._ttl.suggest(None, self.tr("Server default"))
        scaling = settings.rope_scaling or {}
        self._show_factor(scaling.get("factor"))
        advised = entry.sampling_defaults["thinking" if entry.thinks_by_default else "no_thinking"]
        self._sampling.show_values(settings.sampling, advised)
        self._reset.setEnabled(settings != ModelSettings())

    def _show_factor(self, factor: float | None) -> None:
        """Select a factor; one that was set by hand is added to the choices."""
        if factor is not None and self._yarn.findData(int(factor)) < 0:
            self._yarn.addItem(self._times(factor), factor)
        place = self._yarn.findData(factor if factor is None else int(factor))
        self._yarn.setCurrentIndex(place if place >= 0 else self._yarn.findData(factor))

    def _times(self, factor: float) -> str:
        return self.tr("{factor}× context length").format(factor=f"{factor:g}")

    def _set_factor(self, factor: float | None) -> None:
        entry = self._entry
        assert entry is not None
        scaling = self._models.yarn(entry, factor) if factor else None
        self._change(self.tr("Context extension (YaRN)"), rope_scaling=scaling)

    def _set_defaults(self) -> None:
        if self._entry is not None:
            self._models.change_settings(self._reset.text(), self._entry, ModelSettings())

    def _change(self, title: str, **fields: Any) -> None:
        entry = self._entry
        if entry is not None:
            settings = replace(entry.settings, **fields)
            self._entry = replace(entry, settings=settings)
            self._reset.setEnabled(settings != ModelSettings())
            self._models.change_settings(title, entry, settings)


def _in_minutes(seconds: Limits) -> Limits:
    return replace(seconds, least=seconds.least / 60, most=seconds.most / 60, unit="minutes")
