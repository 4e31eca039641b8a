"""The server's memory use."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ...controllers.server import ServerController
from ...domain import Memory
from ..beside import Beside, in_row
from ..dot import Dot
from ..flow import Flow
from ..page import Group
from ..sizes import size_text
from ..theme import GAP, GAP_S, Theme
from ..widgets import muted

HEIGHT = 12
# Theme colours for weights, active requests, prompt cache and free memory.
COLOURS = ("accent", "good", "warning", "line")


class MemoryGroup(Group):
    def __init__(
        self, server: ServerController, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._gauge = _Gauge(theme, self)
        self._gauge.setAccessibleName(self.tr("Memory usage"))
        self._sizes = [muted("", self) for _ in COLOURS]
        column = QVBoxLayout()
        column.setContentsMargins(0, GAP + GAP_S, 0, GAP)
        column.setSpacing(GAP)
        column.addWidget(self._gauge)
        column.addWidget(self._legend(theme))
        self.add_layout(column)
        server.memory_changed.connect(self.show_memory)
        self.show_memory(server.memory)

    def show_memory(self, memory: Memory | None) -> None:
        """Show the memory; None if it is unknown."""
        known = memory or Memory(
            limit_bytes=0, weight_bytes=0, kv_bytes=0, prefix_cache_bytes=0, free_bytes=0
        )
        parts = [known.weight_bytes, known.kv_bytes, known.prefix_cache_bytes, known.free_bytes]
        for label, size in zip(self._sizes, parts, strict=True):
            label.setText(size_text(size))
        self._gauge.set_parts(parts[:3], known.limit_bytes)

    def _legend(self, theme: Theme) -> Flow:
        legend = Flow(self)
        names = [
            self.tr("Weights"),
            self.tr("Active requests"),
            self.tr("Prompt cache"),
            self.tr("Free"),
        ]
        for name, size, colour in zip(names, self._sizes, COLOURS, strict=True):
            words = in_row([Dot(theme, self, colour), muted(name, self)], self)
            size.setContentsMargins(0, 0, GAP, 0)  # the next one is farther away
            legend.add(Beside(words, size, self, gap=GAP_S))
        return legend


class _Gauge(QWidget):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: list[int] = []
        self._total = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_parts(self, parts: list[int], total: int) -> None:
        self._parts, self._total = parts, total
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(100, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QPainterPath()
        whole.addRoundedRect(QRectF(self.rect()), HEIGHT / 2, HEIGHT / 2)
        painter.setClipPath(whole)
        painter.fillRect(self.rect(), QColor(colours.line))
        left = 0.0
        for size, name in zip(self._parts, COLOURS, strict=False):
            width = self.width() * size / self._total if self._total else 0.0
            painter.fillRect(QRectF(left, 0, width, HEIGHT), QColor(getattr(colours, name)))
            left += width
