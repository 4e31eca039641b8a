"""The quality loss of each quantization of a checkpoint, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ...controllers.quantize import QuantizeController
from ...quantization import Quality
from ..dot import Dot
from ..icons import SMALL
from ..plain import NameLabel
from ..sizes import size_text
from ..theme import GAP, GAP_L, Theme
from ..widgets import tool_button
from .charts import SERIES


class ResultsTable(QWidget):
    """A table whose rows have the colours of the charts."""

    def __init__(
        self, quantize: QuantizeController, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._quantize = quantize
        self._theme = theme
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP_L)
        self._grid.setVerticalSpacing(GAP)
        self._grid.setColumnStretch(1, 1)

    def show_qualities(self, qualities: Sequence[Quality]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        titles = (
            "",
            self.tr("Size"),
            self.tr("Bits per weight"),
            self.tr("Mean KL"),
            self.tr("Top-1 agreement"),
            self.tr("Perplexity"),
        )
        for column, title in enumerate(titles, start=1):
            self._add(0, column, title, "muted")
        for row, one in enumerate(qualities, start=1):
            self._add_row(row, one)

    def _add_row(self, row: int, one: Quality) -> None:
        colour = SERIES[(row - 1) % len(SERIES)]
        self._grid.addWidget(Dot(self._theme, self, colour), row, 0)
        cells = (
            one.name,
            size_text(one.size_bytes),
            f"{one.bits_per_weight:.2f}",
            f"{one.kl_mean:.4f}",
            f"{one.agreement:.1%}",
            f"{one.perplexity:.2f}",
        )
        for column, text in enumerate(cells, start=1):
            self._add(row, column, text, "")
        name = self.tr("Remove {name} from the list").format(name=one.name)
        forget = partial(self._quantize.forget, one)
        remove = tool_button(self, "close", name, forget, size=SMALL, kind="action")
        self._grid.addWidget(remove, row, len(cells) + 1)

    def _add(self, row: int, column: int, text: str, name: str) -> None:
        label = NameLabel(text, self)
        label.setObjectName(name)
        side = Qt.AlignmentFlag.AlignLeft if column == 1 else Qt.AlignmentFlag.AlignRight
        label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(label, row, column)
