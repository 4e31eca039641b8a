"""The model picker, ⌘L: every chat model, whether it fits and is loaded, and how it is loaded.

Those that cannot be loaded stand at the end, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..controllers.models import ModelsController
from ..domain import BrokenModel, ModelEntry
from ..services.plain import one_line
from .following import follow
from .icons import SMALL
from .models.facts import facts, state_text
from .models.model_settings import ModelSettingsForm
from .plain import Button, NameLabel
from .search_sheet import SearchSheet, SheetRows
from .text_scale import grown
from .theme import GAP, GAP_L, GAP_S, Theme
from .widgets import tool_button

WIDTH, MAX_SHOWN, LEAST_OPTIONS = 460, 6, 360
# The height of a row's two lines in text sizes, and the pixels around them.
LINES, AROUND = 2.6, 16
COLOURS = {"comfortable": "good", "tight": "warning", "too-large": "error"}

Row = ModelEntry | BrokenModel


class ModelPicker(SearchSheet[Row]):
    """Above `anchor`. Emits `chosen(model id)`, and `models_wanted` for the Models page.

    `current` names the model of the conversation.
    """

    chosen = Signal(str)
    models_wanted = Signal()

    def __init__(
        self,
        models: ModelsController,
        current: Callable[[], str],
        anchor: QWidget,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(
            key=_key,
            title=_searched,
            rows=_Rows(theme),
            most=MAX_SHOWN,
            parent=parent,
        )
        self._models, self._current, self._anchor = models, current, anchor
        self._do: Callable[[str], object] = self.chosen.emit
        self.field.setPlaceholderText(self.tr("Search models"))
        self.field.setAccessibleName(self.tr("Search models"))
        self._list.setAccessibleName(self.tr("Models"))
        selection = self._list.selectionModel()
        selection.currentChanged.connect(lambda *_: self._show_state())
        self._foot = self._make_foot()
        self._layout.addWidget(self._foot)
        self._options = _Options(models, theme, self._sheet)
        self._options.left.connect(self._leave_options)
        self._layout.addWidget(self._options)
        self._options.hide()
        kept = models.models
        follow(self, self._refresh, models.refreshed, kept.dataChanged, kept.rowsRemoved)

    @property
    def selected(self) -> ModelEntry | None:
        """The highlighted model, if it can be loaded."""
        row = self._highlighted
        return row if isinstance(row, ModelEntry) else None

    @property
    def _highlighted(self) -> Row | None:
        index = self._list.currentIndex()
        return self._found.value(index.row()) if index.isValid() else None

    def ask(self, do: Callable[[str], object]) -> None:
        """Open it to choose a model for something else than the conversation."""
        self.open()
        self._do = do

    def open(self) -> None:
        self._do = self.chosen.emit
        self._show_list(True)
        super().open()
        self._choose(max(0, self._found.row_of(self._current())))

    def everything(self) -> list[Row]:
        """The loaded ones first, those that cannot be loaded last."""
        entries = [entry for entry in self._models.models.values() if entry.is_chat]
        entries.sort(key=lambda one: (one.state == "not-loaded", one.name.casefold()))
        return [*entries, *sorted(self._models.broken, key=lambda one: one.name.casefold())]

    def can_take(self, value: Row) -> bool:
        return isinstance(value, ModelEntry)

    def take(self, value: Row) -> None:
        if isinstance(value, ModelEntry):
            self._do(value.id)

    def place(self) -> QRect:
        corner = self.mapFromGlobal(self._anchor.mapToGlobal(QPoint(0, 0)))
        wide = max(WIDTH, self._foot.sizeHint().width() + 2 * GAP + GAP_L)
        width = min(wide, self.width() - 2 * GAP)
        room = corner.y() - 2 * GAP
        wanted = self._sheet.sizeHint().height()
        if self._options.isVisibleTo(self):
            wanted = max(wanted, LEAST_OPTIONS)
        height = min(wanted, room)
        left = max(GAP, min(corner.x(), self.width() - width - GAP))
        return QRect(left, corner.y() - GAP - height, width, height)

    def _make_foot(self) -> QWidget:
        foot = QWidget(self._sheet)
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        self._load = Button("", foot)
        self._load.clicked.connect(self._toggle)
        self._set_up = Button(self.tr("Load Options…"), foot)
        self._set_up.clicked.connect(self._show_options)
        manage = Button(self.tr("Manage Models"), foot)
        manage.setObjectName("link")
        manage.clicked.connect(self._manage)
        for widget in (self._load, self._set_up):
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(manage)
        return foot

    def _show_state(self) -> None:
        """Let the buttons say what they do with the highlighted model."""
        entry = self.selected
        self._set_up.setEnabled(entry is not None)
        text = {
            "loaded": self.tr("Eject"),
            "loading": self.tr("Cancel"),
            "not-loaded": self.tr("Load"),
        }[entry.state if entry is not None else "not-loaded"]
        self._load.setText(text)
        self._load.setAccessibleName(one_line(f"{text} {entry.name if entry else ''}".rstrip()))
        fits = entry is not None and entry.fit.verdict != "too-large"
        self._load.setEnabled(fits or (entry is not None and entry.state != "not-loaded"))

    def _toggle(self) -> None:
        entry = self.selected
        if entry is None:
            return
        if entry.state == "not-loaded":
            self._models.load(entry.id)
        else:
            self._models.unload(entry.id)

    def _manage(self) -> None:
        self.leave()
        self.models_wanted.emit()

    def _refresh(self, *_: object) -> None:
        """Show what changed; the highlighted model stays highlighted."""
        if not self.isVisible():
            return
        kept = self._highlighted
        self._all = self.everything()
        self._show()
        self._choose(max(0, self._found.row_of(_key(kept))) if kept else 0)
        if self._options.isVisible():
            self._show_list(False)
            self._options.show_state()

    def _show_options(self) -> None:
        entry = self.selected
        if entry is not None:
            self._options.show_entry(entry.id)
            self._show_list(False)
            self._place()
            self._options.setFocus()

    def _leave_options(self) -> None:
        self._show_list(True)
        self._show_state()
        self._place()
        self.field.setFocus()

    def _show_list(self, is_shown: bool) -> None:
        self._options.setVisible(not is_shown)
        for widget in (self.field, self._list, self._foot):
            widget.setVisible(is_shown)
        self._nothing.setVisible(is_shown and not self._found.rowCount())


class _Options(QWidget):
    """How one model is loaded, and the button that loads it so. Emits `left` to go back."""

    left = Signal()

    def __init__(self, models: ModelsController, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._models = models
        self._id = ""
        self._name = NameLabel("", self)
        self._name.setObjectName("section")
        self._back = tool_button(self, "left", self.tr("Back to models"), self.left.emit)
        self._load = Button("", self)
        self._load.setObjectName("primary")
        self._load.clicked.connect(lambda: self._models.reload(self._id))
        self.setFocusProxy(self._back)
        head = QHBoxLayout()
        head.addWidget(self._back)
        head.addWidget(self._name, 1)
        head.addWidget(self._load)
        area = QScrollArea(self)
        self._form = ModelSettingsForm(models, theme, area.viewport())
        self._form.setObjectName("page")
        self._form.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._form)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(area, 1)

    def show_entry(self, model_id: str) -> None:
        self._id = model_id
        entry = self._models.models.find(model_id)
        if entry is not None:
            self._form.show_entry(entry)
        self.show_state()

    def show_state(self) -> None:
        entry = self._models.models.find(self._id)
        if entry is None:
            self.left.emit()
            return
        self._name.setText(entry.name)
        self._load.setText(self.tr("Load") if entry.loaded is None else self.tr("Reload"))
        self._load.setEnabled(entry.state != "loading" and entry.fit.verdict != "too-large")


class _Rows(SheetRows):
    """Two lines: the name, and its facts; whether it fits as a dot, its state at the end."""

    def height(self) -> int:
        return round(LINES * self.theme.font_size) + AROUND

    def paint_value(self, painter: QPainter, place: QRect, font: QFont, value: Row) -> None:
        colours, flag = self.theme.colours, Qt.AlignmentFlag
        rect = place.adjusted(0, GAP, 0, -GAP)
        metrics = QFontMetrics(font)
        state = state_text(value)
        painter.setPen(QColor(getattr(colours, _state_colour(value))))
        painter.drawText(rect, flag.AlignTop | flag.AlignRight, state)
        room = rect.width() - metrics.horizontalAdvance(state) - GAP_L
        painter.setPen(QColor(colours.text if isinstance(value, ModelEntry) else colours.muted))
        name = metrics.elidedText(one_line(value.name), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(rect, flag.AlignTop, name)
        font.setPixelSize(max(9, self.theme.font_size - 2))
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        dot = COLOURS[value.fit.verdict] if isinstance(value, ModelEntry) else "error"
        painter.setBrush(QColor(getattr(colours, dot)))
        below = QFontMetrics(font)
        width = grown(SMALL) // 2
        middle = rect.bottom() - below.height() // 2
        painter.drawEllipse(QPoint(rect.left() + width // 2, middle), width // 2, width // 2)
        painter.setPen(QColor(colours.muted))
        line = rect.adjusted(width + GAP_S + 2, 0, 0, 0)
        text = below.elidedText(facts(value), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, flag.AlignBottom, text)


def _key(row: Row) -> Hashable:
    return row.id if isinstance(row, ModelEntry) else row


def _state_colour(row: Row) -> str:
    if isinstance(row, BrokenModel):
        return "error"
    return "good" if row.state == "loaded" else "muted"


def _searched(entry: Row) -> str:
    """What is searched, and said of a row."""
    return one_line(f"{entry.name} · {facts(entry)} · {state_text(entry)}".rstrip(" ·"))
