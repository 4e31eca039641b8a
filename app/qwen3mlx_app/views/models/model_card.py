"""A model: facts, memory needs, loading and unloading."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from ...controllers.models import ModelsController
from ...domain import Fit, ModelEntry
from ...services.plain import one_line
from ..beside import Beside, in_row
from ..dot import Dot
from ..opening import show_folder
from ..plain import Button, NameLabel
from ..sizes import count_text, size_text
from ..theme import GAP, GAP_L, GAP_S, Theme
from ..widgets import hint_label, tool_button
from .facts import quantization
from .model_settings import ModelSettingsForm


class ModelCard(QFrame):
    """A card for a model, with its settings below on demand."""

    def __init__(
        self, models: ModelsController, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._models = models
        self._entry: ModelEntry | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP + 4, GAP_L, GAP + 4)
        layout.setSpacing(GAP_S)
        layout.addWidget(self._head())
        self._about = hint_label("", self)
        layout.addWidget(self._about)
        self._dot = Dot(theme, self)
        self._fit = hint_label("", self)
        line = QHBoxLayout()
        line.setSpacing(GAP - 2)
        line.addWidget(self._dot)
        line.addWidget(self._fit, 1)
        layout.addLayout(line)
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName(self.tr("Loading"))
        layout.addWidget(self._progress)
        self._form = ModelSettingsForm(models, theme, self)
        self._form.hide()
        layout.addWidget(self._form)

    def show_entry(self, entry: ModelEntry) -> None:
        self._entry = entry
        self._name.setText(entry.name)
        self._about.setText(one_line(" · ".join(self._parts(entry))))
        colours = {"comfortable": "good", "tight": "warning", "too-large": "error"}
        self._dot.set_colour(colours[entry.fit.verdict])
        self._fit.setText(self._fit_text(entry.fit))
        names = {
            "loaded": self.tr("Unload"),
            "loading": self.tr("Cancel"),
            "not-loaded": self.tr("Load"),
        }
        self._load.setText(names[entry.state])
        self._load.setAccessibleName(one_line(f"{names[entry.state]} {entry.name}"))
        self._load.setEnabled(entry.state != "not-loaded" or entry.fit.verdict != "too-large")
        self._more.setAccessibleName(one_line(self.tr("{name} settings").format(name=entry.name)))
        self._reveal.setAccessibleName(
            one_line(self.tr("Show {name} files").format(name=entry.name))
        )
        self._delete.setAccessibleName(one_line(self.tr("Delete {name}").format(name=entry.name)))
        self._delete.setVisible(entry.source != "demo")  # those belong to the program
        self._progress.setVisible(entry.state == "loading")
        self._progress.setValue(round(100 * (entry.load_progress or 0)))

    def _head(self) -> Beside:
        self._name = NameLabel("", self)
        self._name.setObjectName("section")
        self._reveal = tool_button(self, "folder", self.tr("Show files"), self._show_files)
        self._delete = tool_button(self, "trash", self.tr("Delete"), self._delete_model)
        self._more = tool_button(self, "sliders", self.tr("Settings"))
        self._more.setCheckable(True)
        self._more.toggled.connect(self._show_settings)
        self._load = Button("", self)
        self._load.setMinimumWidth(84)
        self._load.clicked.connect(self._toggle)
        buttons = [self._delete, self._reveal, self._more, self._load]
        return Beside(self._name, in_row(buttons, self, GAP_S), self)

    def _parts(self, entry: ModelEntry) -> list[str]:
        parts = [entry.publisher] if entry.source != "demo" and entry.publisher else []
        parts += [entry.params, quantization(entry)]
        parts.append(size_text(entry.size_bytes))
        if entry.loaded is not None:
            parts.append(
                self.tr("loaded with a context of {count} tokens").format(
                    count=count_text(entry.loaded.context_length)
                )
            )
        return parts

    def _fit_text(self, fit: Fit) -> str:
        needed, limit = size_text(fit.needed_bytes), size_text(fit.limit_bytes)
        if fit.verdict == "comfortable":
            return self.tr(
                "Fits: needs {needed} of {limit} with a context of {count} tokens"
            ).format(needed=needed, limit=limit, count=count_text(fit.context_length))
        if fit.verdict == "tight":
            return self.tr("Fits with a context of up to {count} tokens").format(
                count=count_text(fit.largest_context)
            )
        return self.tr("Too large: needs {needed}, but only {limit} is available").format(
            needed=needed, limit=limit
        )

    def _toggle(self) -> None:
        if self._entry is not None:
            if self._entry.state == "not-loaded":
                self._models.load(self._entry.id)
            else:
                self._models.unload(self._entry.id)

    def _delete_model(self) -> None:
        if self._entry is not None:
            self._models.delete(self._entry)

    def _show_files(self) -> None:
        if self._entry is not None:
            show_folder(Path(self._entry.path))

    def _show_settings(self, shown: bool) -> None:
        self._form.setVisible(shown)
        if shown and self._entry is not None:
            self._form.show_entry(self._entry)
