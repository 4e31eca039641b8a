"""The Quantize page: source, recipe and method, estimated size, then quality loss."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from ...controllers.models import ModelsController
from ...controllers.quantize import METHODS, RECIPES, QuantizeController
from ...quantization import Quality, QuantizeJob, QuantizeState
from ..dot import Dot
from ..fields import NoScrollComboBox
from ..file_dialogs import ask_folder
from ..page import Group, Page
from ..plain import Button
from ..sizes import size_text
from ..switch import Switch
from ..theme import GAP, GAP_S, Theme
from ..widgets import hint_label
from .charts import SizeChart, TokensChart
from .job_card import JobCard
from .results import ResultsTable


class QuantizePage(Page):
    """Emits `load_wanted(folder)` when a result is to be loaded."""

    load_wanted = Signal(str)

    def __init__(
        self,
        quantize: QuantizeController,
        models: ModelsController,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Quantize"))
        self._quantize = quantize
        self._models = models
        self._theme = theme
        self._folder: str | None = None
        self._sources: list[tuple[str, str]] = []
        self._job = JobCard(quantize, self)
        self._job.opened.connect(self.load_wanted)
        self.column.addWidget(self._job)
        self.column.addWidget(self._form())
        self._costs = Group(self)
        self._table = ResultsTable(quantize, theme, self)
        self._size_chart = SizeChart(theme, self.tr("KL divergence by size"), self)
        self._tokens_chart = TokensChart(theme, self.tr("KL divergence per token"), self)
        self._costs.add_widget(self._table)
        for title, chart in (
            (self.tr("KL divergence by size (lower and further left is better)"), self._size_chart),
            (self.tr("Share of tokens by KL divergence"), self._tokens_chart),
        ):
            box = QWidget(self)
            column = QVBoxLayout(box)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(hint_label(title, self))
            column.addWidget(chart)
            self._costs.add_widget(box)
        self._costs_title = self.add_section(self.tr("Quality loss"), self._costs)
        self.column.addStretch()
        models.refreshed.connect(self._show_sources)
        quantize.estimated.connect(self._show_estimate)
        quantize.state_changed.connect(self._show_state)
        for signal in (quantize.qualities.rowsInserted, quantize.qualities.rowsRemoved):
            signal.connect(self._show_costs)
        quantize.qualities.dataChanged.connect(self._show_costs)
        self._show_sources()
        self._show_state(quantize.state)
        self._show_costs()

    def choose_folder(self, path: str | None) -> None:
        self._folder = path
        self._show_sources()
        self._source.setCurrentIndex(max(0, self._source.findData(path)))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _form(self) -> Group:
        group = Group(self)
        self._source = NoScrollComboBox(self)
        self._source.setAccessibleName(self.tr("Checkpoint"))
        self._source.activated.connect(self._choose_source)
        group.add_row(
            self.tr("Checkpoint"),
            self._source,
            self.tr("Unquantized checkpoint. It won't be modified."),
        )
        self._recipe = self._choice(self.tr("Recipe"), self._recipes())
        group.add_row(self.tr("Recipe"), self._recipe)
        self._method = self._choice(self.tr("Method"), self._methods())
        group.add_row(self.tr("Method"), self._method)
        self._measure = Switch(self.tr("Measure quality loss"), self._theme, self)
        self._measure.setChecked(True)
        group.add_row(
            self.tr("Measure quality loss"),
            self._measure,
            self.tr("Compares the result with the checkpoint, which must fit in memory."),
        )
        self._dot = Dot(self._theme, self)
        self._estimate = hint_label("", self)
        self._start = Button(self.tr("Start"), self)
        self._start.setObjectName("primary")
        self._start.clicked.connect(self._begin)
        row = QHBoxLayout()
        row.setContentsMargins(0, GAP, 0, GAP)
        row.setSpacing(GAP_S + 2)
        row.addWidget(self._dot)
        row.addWidget(self._estimate, 1)
        row.addWidget(self._start)
        group.add_layout(row)
        return group

    def _choice(self, name: str, choices: list[tuple[str, str]]) -> NoScrollComboBox:
        box = NoScrollComboBox(self)
        box.setAccessibleName(name)
        for value, text in choices:
            box.addItem(text, value)
        box.activated.connect(self._ask)
        return box

    def _recipes(self) -> list[tuple[str, str]]:
        texts = {
            "4bit": self.tr("4-bit (recommended)"),
            "8bit": self.tr("8-bit (virtually lossless)"),
            "6bit": self.tr("6-bit"),
            "5bit": self.tr("5-bit"),
            "mixed-4-8": self.tr("Mixed 4-bit and 8-bit"),
            "3bit": self.tr("3-bit (smallest)"),
        }
        return [(name, texts.get(name, name)) for name in RECIPES]

    def _methods(self) -> list[tuple[str, str]]:
        texts = {
            "mse": self.tr("Optimized scales"),
            "gptq": self.tr("GPTQ (slower)"),
            "autoround": self.tr("AutoRound (slowest)"),
            "rtn": self.tr("Round to nearest"),
        }
        return [(name, texts[name]) for name in METHODS]

    def _show_sources(self) -> None:
        entries = self._models.models.values()
        sources = [(one.name, one.path) for one in entries if one.quantization is None]
        if self._folder is not None:
            sources.append((Path(self._folder).name, self._folder))
        sources.append((self.tr("Choose Folder…"), ""))
        if sources == self._sources:
            return  # something else of the models has changed
        chosen, self._sources = self._source.currentData(), sources
        self._source.clear()
        for name, path in sources:
            self._source.addItem(name, path)
        self._source.setCurrentIndex(max(0, self._source.findData(chosen or None)))
        if self.isVisible():
            self._ask()

    def _choose_source(self) -> None:
        if self._source.currentData() == "":
            path = ask_folder(self, self.tr("Choose an Unquantized Checkpoint"))
            self.choose_folder(path or self._folder)
        self._ask()

    def _ask(self) -> None:
        """Ask for the estimated size."""
        self._method.setEnabled(not self._recipe.currentData().startswith(("mx", "nv")))
        source = self._source.currentData()
        self._start.setEnabled(not source)
        self._start.setText(self.tr("Start") if source else self.tr("Choose Folder…"))
        self._dot.set_colour("faint")
        if not source:
            self._estimate.setText(self.tr("No unquantized checkpoint found. Choose a folder."))
            return
        self._estimate.setText(self.tr("Estimating…"))
        self._quantize.estimate(source, self._recipe.currentData())

    def _show_estimate(self, size: int | None, bits: float | None, error: str) -> None:
        if size is None or bits is None:
            self._estimate.setText(error)
            self._dot.set_colour("error")
            return
        text = self.tr("{size}, {bits} bits per weight").format(
            size=size_text(size), bits=f"{bits:.2f}"
        )
        entries = self._models.models.values()
        limit = entries[0].fit.limit_bytes if entries else 0
        if limit:
            fits = self.tr("fits in {limit}") if size < limit else self.tr("exceeds {limit}")
            text += " · " + fits.format(limit=size_text(limit))
        self._estimate.setText(text)
        self._dot.set_colour("good" if size < limit else "warning")
        self._start.setEnabled(self._quantize.state.phase not in ("running", "paused"))

    def _begin(self) -> None:
        if not self._source.currentData():
            self._choose_source()
            return
        source, recipe = self._source.currentData(), self._recipe.currentData()
        method = self._method.currentData() if self._method.isEnabled() else "rtn"
        self._quantize.start(
            QuantizeJob(
                source=source,
                output=self._quantize.output_for(source, recipe, method),
                recipe=recipe,
                method=method,
                measures=self._measure.isChecked(),
            )
        )

    def _show_state(self, state: QuantizeState) -> None:
        busy = state.phase in ("running", "paused")
        if busy:
            self._start.setEnabled(False)
        elif self.isVisible() and not self._start.isEnabled():
            self._ask()

    def _show_costs(self, *_: object) -> None:
        all_of_them = self._quantize.qualities.values()
        last = all_of_them[-1].source if all_of_them else None
        shown: list[Quality] = [one for one in all_of_them if one.source == last]
        self._costs.setVisible(bool(shown))
        self._costs_title.setVisible(bool(shown))
        self._table.show_qualities(shown)
        self._size_chart.show_qualities(shown)
        self._tokens_chart.show_qualities(shown)
