"""The settings of a conversation: system prompt, thinking budget, sampling, presets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..controllers.limits import LimitsController
from ..domain import ChatSettings, ModelEntry, Preset
from ..models import ListModel
from .fields import NoScrollComboBox, NoScrollSlider
from .plain import Button, ask_name, set_tip
from .sampling_form import NAMES, SamplingForm
from .scrolling import reserve_bar
from .sizes import count_text
from .theme import GAP, GAP_L
from .widgets import hint_label, muted, section, tool_button

# The least width in pixels.
WIDTH = 290
# Tokens of thinking at the slider's first step; each further one doubles them.
LEAST_BUDGET = 256


class ChatPanel(QScrollArea):
    """Emits `changed(settings)` while typing, `preset_saved(name)` and `preset_deleted(id)`.

    `replaced(settings)`: all of them at once, by a preset or by the model's own.
    """

    changed = Signal(object)
    replaced = Signal(object)
    preset_saved = Signal(str)
    preset_deleted = Signal(str)

    def __init__(
        self, presets: ListModel[Preset], limits: LimitsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._presets = presets
        self._settings = ChatSettings()
        self._budgets = _budgets(0)
        self.setObjectName("sidebar")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its fields take the focus
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Conversation settings"))
        self._content = QWidget(self)
        self._content.setObjectName("sidebar")
        self._content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        self._column.setSpacing(GAP)
        self.setWidget(self._content)
        self._add_presets()
        self._add_prompt()
        self._add_budget()
        self._heading(self.tr("Sampling"))
        self._sampling = SamplingForm(NAMES, limits, self._content)
        self._sampling.changed.connect(lambda values: self._change(sampling=values))
        self._column.addWidget(self._sampling)
        self._reset = Button(self.tr("Reset to Model Defaults"), self)
        self._reset.clicked.connect(lambda: self.replaced.emit(self._unset()))
        self._column.addSpacing(GAP)
        self._column.addWidget(self._reset)
        self._column.addStretch()
        for signal in (presets.rowsInserted, presets.rowsRemoved, presets.dataChanged):
            signal.connect(self._show_presets)
        self._show_presets()
        reserve_bar(self)

    def show_settings(
        self, settings: ChatSettings, entry: ModelEntry | None, *, thinks: bool
    ) -> None:
        """Show the open conversation's settings, and its model's defaults as placeholders."""
        self._settings = settings
        self._show_prompt()
        self._budget_box.setVisible(entry is not None and entry.can_think)
        self._show_budget(entry.context_length if entry else 0)
        self._sampling.show_values(settings.sampling, _defaults(entry, thinks=thinks))
        self._reset.setEnabled(settings != self._unset())
        self._show_chosen()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make the panel as wide as its content."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setFixedWidth(max(WIDTH, self._content.minimumSizeHint().width() + bar))
        return super().eventFilter(watched, event)

    def _add_presets(self) -> None:
        self._heading(self.tr("Preset"))
        row = QHBoxLayout()
        row.setSpacing(2)
        self._choice = NoScrollComboBox(self._content)
        self._choice.setAccessibleName(self.tr("Preset"))
        self._choice.setSizeAdjustPolicy(
            NoScrollComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._choice.activated.connect(self._apply)
        row.addWidget(self._choice, 1)
        row.addWidget(tool_button(self, "plus", self.tr("Save as preset…"), self._ask_name))
        self._delete = tool_button(
            self,
            "trash",
            self.tr("Delete preset"),
            lambda: self.preset_deleted.emit(self._choice.currentData().id),
        )
        row.addWidget(self._delete)
        self._column.addLayout(row)

    def _add_prompt(self) -> None:
        self._heading(self.tr("System prompt"))
        self._prompt = QPlainTextEdit(self._content)
        self._prompt.setAccessibleName(self.tr("System prompt"))
        self._prompt.setPlaceholderText(self.tr("The model's role, and how it should answer"))
        self._prompt.setTabChangesFocus(True)
        self._prompt.setFixedHeight(130)
        self._prompt.textChanged.connect(
            lambda: self._change(system_prompt=self._prompt.toPlainText())
        )
        self._column.addWidget(self._prompt)

    def _add_budget(self) -> None:
        self._budget_box = QWidget(self._content)
        column = QVBoxLayout(self._budget_box)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        self._budget_text = muted("", self)
        row.addWidget(section(self.tr("Thinking budget"), self), 1)
        row.addWidget(self._budget_text)
        self._budget = NoScrollSlider(Qt.Orientation.Horizontal, self)
        self._budget.setPageStep(1)
        self._budget.setAccessibleName(self.tr("Thinking budget"))
        self._budget.valueChanged.connect(
            lambda step: self._change(thinking_budget=(*self._budgets, None)[step])
        )
        self._budget_hint = hint_label("", self)
        column.addLayout(row)
        column.addWidget(self._budget)
        column.addWidget(self._budget_hint)
        self._column.addSpacing(GAP)
        self._column.addWidget(self._budget_box)

    def _heading(self, text: str) -> None:
        if self._column.count():
            self._column.addSpacing(GAP)
        self._column.addWidget(section(text, self))

    def _show_prompt(self) -> None:
        if self._prompt.toPlainText() != self._settings.system_prompt:
            with QSignalBlocker(self._prompt):
                self._prompt.setPlainText(self._settings.system_prompt)

    def _show_budget(self, context: int) -> None:
        """The slider goes up to what the context holds; its last step is no limit."""
        budget = self._settings.thinking_budget
        self._budgets = _budgets(context)
        with QSignalBlocker(self._budget):
            self._budget.setRange(0, len(self._budgets))
            self._budget.setValue(_step(budget, self._budgets))
        self._budget_hint.setText(
            self.tr("Thinking ends after this many tokens. The context holds {count}.").format(
                count=count_text(context)
            )
        )
        text = (
            self.tr("No limit")
            if budget is None
            else self.tr("{count} tokens").format(count=f"{budget:,}")
        )
        self._budget_text.setText(text)
        self._budget.setAccessibleDescription(text)

    def _show_presets(self, *_: object) -> None:
        name = self._choice.currentText()
        with QSignalBlocker(self._choice):
            self._choice.clear()
            self._choice.addItem(self.tr("Custom"), None)
            for preset in self._presets.values():
                self._choice.addItem(preset.name, preset)
        self._show_chosen(name)

    def _show_chosen(self, name: str | None = None) -> None:
        """Select the preset equal to the settings; of several, the one chosen or named."""
        presets = self._presets.values()
        same = [place for place, one in enumerate(presets, 1) if one.settings == self._settings]
        place = self._choice.currentIndex() if name is None else self._choice.findText(name)
        with QSignalBlocker(self._choice):
            self._choice.setCurrentIndex(place if place in same else (same or [0])[0])
        set_tip(self._choice, self._choice.currentText())
        self._delete.setEnabled(bool(same))

    def _apply(self, place: int) -> None:
        preset = self._choice.itemData(place)
        if preset is None:
            self._show_chosen()
        else:
            self._rewrite_prompt(preset.settings.system_prompt)
            self.replaced.emit(preset.settings)

    def _rewrite_prompt(self, text: str) -> None:
        """Replace the prompt so that it can be undone."""
        cursor = QTextCursor(self._prompt.document())
        cursor.select(QTextCursor.SelectionType.Document)
        with QSignalBlocker(self._prompt):
            cursor.insertText(text)

    def _ask_name(self) -> None:
        name = ask_name(self, self.tr("Save as Preset"), self.tr("Preset name"))
        if name:
            self.preset_saved.emit(name)
            self._show_chosen(name)

    def _unset(self) -> ChatSettings:
        """Settings that leave everything to the model, except the system prompt."""
        return ChatSettings(system_prompt=self._settings.system_prompt)

    def _change(self, **fields: object) -> None:
        self._set(replace(self._settings, **fields))  # type: ignore[arg-type]

    def _set(self, settings: ChatSettings) -> None:
        if settings != self._settings:
            self.changed.emit(settings)


def _budgets(context: int) -> tuple[int, ...]:
    """The slider's steps, up to the whole context."""
    steps = [LEAST_BUDGET]
    while 2 * steps[-1] < context:
        steps.append(2 * steps[-1])
    return (*steps, context) if steps[-1] < context else tuple(steps)


def _step(budget: int | None, steps: Sequence[int]) -> int:
    """The first step of the slider that is not below the budget."""
    if budget is None:
        return len(steps)
    return next((place for place, one in enumerate(steps) if one >= budget), len(steps) - 1)


def _defaults(entry: ModelEntry | None, *, thinks: bool) -> dict[str, float]:
    """What the model uses where nothing is set."""
    if entry is None:
        return {}
    advised = entry.sampling_defaults["thinking" if thinks else "no_thinking"]
    return {**advised, **entry.settings.sampling}
