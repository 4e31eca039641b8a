"""The button that names the conversation's model, and opens the picker."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionToolButton, QStylePainter, QWidget

from ..domain import ModelEntry
from ..services.plain import one_line
from .icons import icon
from .models.facts import facts, state_text
from .plain import ToolButton, set_tip

# The least width of a model's name in pixels.
LEAST_WIDTH = 90


class ElidingButton(ToolButton):
    """An icon and a name, which is cut in its middle where there is no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(LEAST_WIDTH)

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        room = self.width() - self.iconSize().width() - 20
        middle = Qt.TextElideMode.ElideMiddle
        option.text = self.fontMetrics().elidedText(option.text, middle, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)


class ModelButton(ElidingButton):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self.setIcon(icon("updown"))
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # puts the arrows at the end

    def show_model(self, model_id: str, entry: ModelEntry | None) -> None:
        name = one_line(entry.name if entry else model_id)
        self.setText(name)
        said = [self.tr("Model: {name}").format(name=name)]
        said += [facts(entry), state_text(entry)] if entry else []
        set_tip(self, " · ".join(filter(None, said)))
        self.setAccessibleName(one_line(said[0]))
