"""What is set for one conversation: system prompt, thinking budget, sampling, presets."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..domain import ChatSettings, ModelEntry, Preset
from ..models import ListModel
from .icons import SIZE, icon
from .sampling_form import BOUNDS, SamplingForm
from .theme import GAP, GAP_L

WIDTH = 290
# Milliseconds without a key before the system prompt is taken.
PAUSE = 300
# Tokens of thought; after the last step there is no limit.
BUDGETS = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768)


class ChatPanel(QScrollArea):
    """`changed(settings)`; presets are asked for and taken, and said by their ids."""

    changed = Signal(object)
    preset_saved = Signal(str)
    preset_deleted = Signal(str)

    def __init__(self, presets: ListModel[Preset], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = presets
        self._settings = ChatSettings()
        self.setFixedWidth(WIDTH)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Settings of the conversation"))
        content = QWidget(self)
        content.setObjectName("sidebar")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        self._column.setSpacing(GAP)
        self.setWidget(content)
        self._add_presets()
        self._add_prompt()
        self._add_budget()
        self._heading(self.tr("Sampling"))
        self._sampling = SamplingForm(list(BOUNDS), self)
        self._sampling.changed.connect(lambda values: self._change(sampling=values))
        self._column.addWidget(self._sampling)
        self._reset = QPushButton(self.tr("Reset to the model's own"), self)
        self._reset.clicked.connect(lambda: self._set(ChatSettings()))
        self._column.addSpacing(GAP)
        self._column.addWidget(self._reset)
        self._column.addStretch()
        for signal in (presets.rowsInserted, presets.rowsRemoved, presets.modelReset):
            signal.connect(self._show_presets)
        self._show_presets()

    def show_settings(self, settings: ChatSettings, entry: ModelEntry | None) -> None:
        """Of the conversation that is open, and the model that answers in it."""
        self._settings = settings
        if not self._prompt_timer.isActive():
            self._show_prompt()
        can_think = entry is not None and entry.can_think
        self._budget_box.setVisible(can_think)
        with QSignalBlocker(self._budget):
            self._budget.setValue(_step(settings.thinking_budget))
        self._show_budget()
        self._sampling.show_values(settings.sampling, _defaults(settings, entry))
        self._reset.setEnabled(settings != ChatSettings())
        self._show_chosen()

    def flush(self) -> None:
        """What was written last counts now."""
        self._prompt_timer.stop()
        self._change(system_prompt=self._prompt.toPlainText())

    def _add_presets(self) -> None:
        self._heading(self.tr("Preset"))
        row = QHBoxLayout()
        row.setSpacing(2)
        self._choice = QComboBox(self)
        self._choice.setAccessibleName(self.tr("Preset"))
        self._choice.activated.connect(self._apply)
        row.addWidget(self._choice, 1)
        self._save = self._tool("plus", self.tr("Save as a preset…"))
        self._save.clicked.connect(self._ask_name)
        self._delete = self._tool("trash", self.tr("Delete the preset"))
        self._delete.clicked.connect(
            lambda: self.preset_deleted.emit(self._choice.currentData().id)
        )
        row.addWidget(self._save)
        row.addWidget(self._delete)
        self._column.addLayout(row)

    def _add_prompt(self) -> None:
        self._heading(self.tr("System prompt"))
        self._prompt = QPlainTextEdit(self)
        self._prompt.setAccessibleName(self.tr("System prompt"))
        self._prompt.setPlaceholderText(self.tr("Who the model is, and how it is to answer"))
        self._prompt.setTabChangesFocus(True)
        self._prompt.setFixedHeight(130)
        self._prompt_timer = QTimer(self)
        self._prompt_timer.setSingleShot(True)
        self._prompt_timer.setInterval(PAUSE)
        self._prompt_timer.timeout.connect(self.flush)
        self._prompt.textChanged.connect(self._prompt_timer.start)
        self._column.addWidget(self._prompt)

    def _add_budget(self) -> None:
        self._budget_box = QWidget(self)
        column = QVBoxLayout(self._budget_box)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        label = QLabel(self.tr("Thinking budget"), self)
        label.setObjectName("section")
        self._budget_text = QLabel(self)
        self._budget_text.setObjectName("muted")
        row.addWidget(label, 1)
        row.addWidget(self._budget_text)
        self._budget = QSlider(Qt.Orientation.Horizontal, self)
        self._budget.setRange(0, len(BUDGETS))
        self._budget.setPageStep(1)
        self._budget.setAccessibleName(self.tr("Thinking budget"))
        self._budget.valueChanged.connect(
            lambda step: self._change(thinking_budget=(*BUDGETS, None)[step])
        )
        column.addLayout(row)
        column.addWidget(self._budget)
        self._column.addSpacing(GAP)
        self._column.addWidget(self._budget_box)

    def _heading(self, text: str) -> None:
        label = QLabel(text, self)
        label.setObjectName("section")
        if self._column.count():
            self._column.addSpacing(GAP)
        self._column.addWidget(label)

    def _tool(self, name: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(SIZE)
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button

    def _show_prompt(self) -> None:
        if self._prompt.toPlainText() != self._settings.system_prompt:
            with QSignalBlocker(self._prompt):
                self._prompt.setPlainText(self._settings.system_prompt)

    def _show_budget(self) -> None:
        budget = self._settings.thinking_budget
        self._budget_text.setText(
            self.tr("no limit")
            if budget is None
            else self.tr("{count} tokens").format(count=f"{budget:,}")
        )

    def _show_presets(self) -> None:
        with QSignalBlocker(self._choice):
            self._choice.clear()
            self._choice.addItem(self.tr("Custom"), None)
            for preset in self._presets.values():
                self._choice.addItem(preset.name, preset)
        self._show_chosen()

    def _show_chosen(self) -> None:
        """The preset that says just what is set."""
        presets = self._presets.values()
        same = [place for place, one in enumerate(presets, 1) if one.settings == self._settings]
        with QSignalBlocker(self._choice):
            self._choice.setCurrentIndex(same[0] if same else 0)
        self._delete.setEnabled(bool(same))

    def _apply(self, place: int) -> None:
        preset = self._choice.itemData(place)
        if preset is None:
            self._show_chosen()
        else:
            self._set(preset.settings)

    def _ask_name(self) -> None:
        self.flush()
        name, is_given = QInputDialog.getText(
            self, self.tr("Save as a preset"), self.tr("Name of the preset")
        )
        if is_given and name.strip():
            self.preset_saved.emit(name.strip())

    def _change(self, **fields: object) -> None:
        self._set(replace(self._settings, **fields))  # type: ignore[arg-type]

    def _set(self, settings: ChatSettings) -> None:
        if settings != self._settings:
            self.changed.emit(settings)


def _step(budget: int | None) -> int:
    """The nearest step of the slider, not below it."""
    if budget is None:
        return len(BUDGETS)
    return next((place for place, one in enumerate(BUDGETS) if one >= budget), len(BUDGETS) - 1)


def _defaults(settings: ChatSettings, entry: ModelEntry | None) -> dict[str, float]:
    """What the model takes in the mode that is set."""
    if entry is None:
        return {}
    thinking = entry.thinks_by_default if settings.thinking is None else settings.thinking
    advised = entry.sampling_defaults["thinking" if thinking else "no_thinking"]
    return {**advised, **entry.settings.sampling}
