"""A model's load settings and default sampling."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from ...controllers.models import ModelsController
from ...domain import ModelEntry, ModelSettings
from ...limits import Limits
from ..fields import NoScrollComboBox
from ..number_field import NumberField
from ..page import Group
from ..plain import Button
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
    """Emits `finished` when the settings were saved."""

    finished = Signal()

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
        layout.addWidget(section(self.tr("Default sampling"), self))
        self._sampling = SamplingForm(SAMPLING, models.limits, self)
        layout.addWidget(self._sampling)
        layout.addLayout(self._buttons())
        models.limits.changed.connect(self._set_limits)

    def show_entry(self, entry: ModelEntry) -> None:
        self._entry = entry
        self._show(entry.settings)

    def _loading(self) -> Group:
        group = Group(self)
        self._context = NumberField(self._limit("context_length"), self.tr("Context length"), self)
        group.add_row(
            self.tr("Context length"),
            self._context,
            self.tr("In tokens. A longer context needs more memory."),
        )
        self._yarn = NoScrollComboBox(self)
        self._yarn.setAccessibleName(self.tr("Context extension (YaRN)"))
        self._yarn.addItem(self.tr("Off"), None)
        for factor in FACTORS:
            self._yarn.addItem(self.tr("{factor}× context length").format(factor=factor), factor)
        group.add_row(
            self.tr("Context extension (YaRN)"),
            self._yarn,
            self.tr("Use it only for long texts; it can lower the quality on short ones."),
        )
        self._kv = NoScrollComboBox(self)
        self._kv.setAccessibleName(self.tr("KV cache"))
        for text, bits in (
            (self.tr("Full precision"), None),
            (self.tr("8-bit"), 8),
            (self.tr("4-bit"), 4),
        ):
            self._kv.addItem(text, bits)
        group.add_row(
            self.tr("KV cache"), self._kv, self.tr("Fewer bits fit more context in memory.")
        )
        self._ttl = NumberField(
            _in_minutes(self._limit("ttl")), self.tr("Unload after idle (min)"), self
        )
        group.add_row(
            self.tr("Unload after idle (min)"),
            self._ttl,
            self.tr("How long the model stays loaded without requests."),
        )
        return group

    def _limit(self, name: str) -> Limits:
        return self._models.limits.of("load", name)

    def _set_limits(self) -> None:
        self._context.set_limits(self._limit("context_length"))
        self._ttl.set_limits(_in_minutes(self._limit("ttl")))

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        reset = Button(self.tr("Reset to Model Defaults"), self)
        reset.clicked.connect(lambda: self._show(ModelSettings()))
        save = Button(self.tr("Save"), self)
        save.setObjectName("primary")
        save.clicked.connect(self._save)
        row.addWidget(reset)
        row.addStretch()
        row.addWidget(save)
        return row

    def _show(self, settings: ModelSettings) -> None:
        entry = self._entry
        assert entry is not None
        self._context.set_value(settings.context_length)
        self._context.suggest(entry.fit.context_length, "")
        self._kv.setCurrentIndex(self._kv.findData(settings.kv_bits))
        self._ttl.set_value(None if settings.ttl is None else settings.ttl / 60)
        self._ttl.suggest(None, self.tr("Server default"))
        scaling = settings.rope_scaling or {}
        self._show_factor(scaling.get("factor"))
        advised = entry.sampling_defaults["thinking" if entry.thinks_by_default else "no_thinking"]
        self._sampling.show_values(settings.sampling, advised)

    def _show_factor(self, factor: float | None) -> None:
        """Select a factor; one that was set by hand is added to the choices."""
        if factor is not None and self._yarn.findData(int(factor)) < 0:
            text = self.tr("{factor}× context length").format(factor=f"{factor:g}")
            self._yarn.addItem(text, factor)
        place = self._yarn.findData(factor if factor is None else int(factor))
        self._yarn.setCurrentIndex(place if place >= 0 else self._yarn.findData(factor))

    def _save(self) -> None:
        entry = self._entry
        assert entry is not None
        context, ttl, factor = self._context.value, self._ttl.value, self._yarn.currentData()
        self._models.save_settings(
            entry.id,
            ModelSettings(
                context_length=None if context is None else int(context),
                rope_scaling=self._models.yarn(entry, factor) if factor else None,
                kv_bits=self._kv.currentData(),
                ttl=None if ttl is None else ttl * 60,
                sampling=self._sampling.values(),
            ),
        )
        self.finished.emit()


def _in_minutes(seconds: Limits) -> Limits:
    return replace(seconds, least=seconds.least / 60, most=seconds.most / 60, unit="minutes")
