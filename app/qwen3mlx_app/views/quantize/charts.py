"""Charts of the quality loss of several quantizations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...quantization import Quality
from ...services.plain import one_line
from ..sizes import size_text
from ..text_scale import grown
from ..theme import Theme

# Pixels at the default text size.
HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 230, 54, 34, 14, 40
SERIES = ("#6d62f0", "#e0793a", "#1f9d6b", "#d04a78", "#2b87c8", "#a08028")


class Chart(QWidget):
    """Axes; subclasses draw in coordinates from 0 to 1."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.qualities: Sequence[Quality] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_qualities(self, qualities: Sequence[Quality]) -> None:
        self.qualities = qualities
        told = [
            f"{one.name}: {size_text(one.size_bytes)}, KL {one.kl_mean:.4g}" for one in qualities
        ]
        self.setAccessibleDescription(one_line("; ".join(told)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, grown(HEIGHT))

    def place(self, x: float, y: float) -> QPointF:
        left, top, right, bottom = map(grown, (LEFT, TOP, RIGHT, BOTTOM))
        area = QRectF(self.rect()).adjusted(left, top, -right, -bottom)
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(self._theme.font_size - 3)
        painter.setFont(font)
        if self.qualities:
            self.draw(painter)

    def draw(self, painter: QPainter) -> None:
        raise NotImplementedError

    def draw_axes(
        self,
        painter: QPainter,
        across: Sequence[tuple[float, str]],
        up: Sequence[tuple[float, str]],
    ) -> None:
        """Draw the axes; marks are positions and texts."""
        colours, high = self._theme.colours, painter.fontMetrics().height()
        for y, text in up:
            start = self.place(0, y)
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(start, self.place(1, y))
            box = QRectF(0, start.y() - high / 2, start.x() - 8, high)
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, flags, text)
        for x, text in across:
            start = self.place(x, 0)
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(start, start + QPointF(0, 4))
            painter.setPen(QColor(colours.muted))
            box = QRectF(start.x() - grown(50), start.y() + 8, grown(100), high)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class SizeChart(Chart):
    """KL divergence, logarithmic, by size: lower and further left is better."""

    def draw(self, painter: QPainter) -> None:
        sizes = [one.size_bytes for one in self.qualities]
        logs = [math.log10(max(one.kl_mean, 1e-8)) for one in self.qualities]
        least, most = math.floor(min(logs) - 0.1), math.ceil(max(logs) + 0.1)
        start, end = 0.85 * min(sizes), 1.15 * max(sizes)
        ups = [((log - least) / (most - least), _power(log)) for log in range(least, most + 1)]
        ticks = [start + share * (end - start) for share in (0, 1 / 3, 2 / 3, 1)]
        marks = [((tick - start) / (end - start), size_text(round(tick))) for tick in ticks]
        self.draw_axes(painter, marks, ups)
        taken: list[QRectF] = []
        for number, (one, log) in enumerate(zip(self.qualities, logs, strict=True)):
            x = (one.size_bytes - start) / (end - start)
            point = self.place(x, (log - least) / (most - least))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(SERIES[number % len(SERIES)]))
            painter.drawEllipse(point, 5.5, 5.5)
            self._name(painter, one.name, point, taken)

    def _name(self, painter: QPainter, name: str, point: QPointF, taken: list[QRectF]) -> None:
        """Put the name right of its point, or left if it does not fit, below other names."""
        painter.setPen(QColor(self._theme.colours.text))
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(name), metrics.height()
        fits = point.x() + 11 + width < self.width()
        left = point.x() + (11 if fits else -11 - width)
        box = QRectF(left, point.y() - height / 2, width + 2, height)
        while any(box.intersects(other) for other in taken):
            box.translate(0, height)
        taken.append(box)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)


class TokensChart(Chart):
    """The distribution of KL divergence over tokens."""

    def draw(self, painter: QPainter) -> None:
        shares = [[n / max(1, sum(one.counts)) for n in one.counts] for one in self.qualities]
        highest = max(max(line) for line in shares)
        first = self.qualities[0].edges
        least, most = first[0], first[-1]
        marks = [((log - least) / (most - least), _power(log)) for log in range(-8, 3, 2)]
        ups = [(part, f"{100 * part * highest:.0f}%") for part in (0, 0.5, 1)]
        self.draw_axes(painter, marks, ups)
        for number, line in enumerate(shares):
            points = QPolygonF()
            for place, share in enumerate(line):
                for edge in (place, place + 1):
                    points.append(self.place(edge / len(line), share / highest))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(SERIES[number % len(SERIES)]), 1.8))
            painter.drawPolyline(points)


def _power(log: int) -> str:
    raised = str(log).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}"
