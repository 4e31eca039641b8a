"""The quality loss of each quantization of a checkpoint, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from ...controllers.quantize import QuantizeController
from ...quantization import Quality
from ..dot import Dot
from ..plain import NameLabel, ToolButton
from ..sizes import size_text
from ..theme import GAP, GAP_L, Theme
from ..widgets import tool_button
from .charts import SERIES


class ResultsTable(QScrollArea):
    """A table whose rows have the colours of the charts. Where it is too wide, it scrolls."""

    def __init__(
        self, quantize: QuantizeController, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._quantize = quantize
        self._theme = theme
        self._removes: list[ToolButton] = []
        content = self._content = QWidget(self)
        content.setAutoFillBackground(False)
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, self.horizontalScrollBar().sizeHint().height())
        self._grid.setHorizontalSpacing(GAP_L)
        self._grid.setVerticalSpacing(GAP)
        self._grid.setColumnStretch(1, 1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the focus

    def show_qualities(self, qualities: Sequence[Quality]) -> None:
        focused = [button.hasFocus() for button in self._removes]
        self._removes.clear()
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
        self.setFixedHeight(self._content.sizeHint().height())
        if any(focused) and self._removes:
            heir = self._removes[min(focused.index(True), len(self._removes) - 1)]
            heir.show()
            heir.setFocus()

    def _add_row(self, row: int, one: Quality) -> None:
        colour = SERIES[(row - 1) % len(SERIES)]
        self._grid.addWidget(Dot(self._theme, self._content, colour), row, 0)
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
        remove = tool_button(self._content, "close", name, forget, kind="action")
        self._grid.addWidget(remove, row, len(cells) + 1)
        self._removes.append(remove)

    def _add(self, row: int, column: int, text: str, name: str) -> None:
        label = NameLabel(text, self._content)
        label.setObjectName(name)
        side = Qt.AlignmentFlag.AlignLeft if column == 1 else Qt.AlignmentFlag.AlignRight
        label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(label, row, column)
