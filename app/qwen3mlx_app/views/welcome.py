"""The start of a conversation: a greeting, or a welcome at the first start."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from .icon_label import IconLabel
from .plain import Button, Label, ToolButton
from .shortcuts import as_written
from .theme import GAP, GAP_L, GAP_S, GAP_XL
from .widgets import hint_label, labelled_button, muted, section

WIDTH = 620


class Greeting(QWidget):
    """The greeting of an empty conversation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.setSpacing(GAP_S)
        heading = Label(self.tr("What can Qwen help you with?"), self)
        heading.setObjectName("heading")
        text = muted(self.tr("Everything you write stays on this computer."), self)
        for label in (heading, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)


class TemporaryGreeting(QWidget):
    """The greeting of an empty temporary chat: what becomes of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_XL, 0, GAP_XL, 0)
        layout.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        layout.setSpacing(GAP_S)
        layout.addWidget(IconLabel("temporary", 36, self), 0, Qt.AlignmentFlag.AlignHCenter)
        heading = Label(self.tr("Temporary Chat"), self)
        heading.setObjectName("heading")
        text = hint_label(
            self.tr(
                "Nothing of this chat is saved, and it is in no list. It is gone when you open"
                " another or close the window."
            ),
            self,
        )
        for label in (heading, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)


class FirstRun(QScrollArea):
    """The welcome page, with questions to try. Emits `finished` when it is dismissed."""

    asked = Signal(str)
    models_wanted = Signal()
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Welcome"))
        content = QWidget(self)
        content.setObjectName("page")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(content)
        outer = QHBoxLayout(content)
        outer.setContentsMargins(0, 0, 0, 0)
        column = QWidget(content)
        column.setMaximumWidth(WIDTH)
        outer.addWidget(column)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        layout.setSpacing(GAP)
        layout.addStretch()
        self._add_head(layout)
        self._add_facts(layout)
        self._add_prompts(layout)
        start = Button(self.tr("Get Started"), self)
        start.setObjectName("primary")
        start.setMinimumWidth(140)
        start.clicked.connect(self.finished)
        layout.addSpacing(GAP_S)
        layout.addWidget(start, 0, Qt.AlignmentFlag.AlignCenter)
        self._add_keys(layout)
        layout.addStretch()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the questions side by side if they fit."""
        super().resizeEvent(event)
        chips = self.findChildren(ToolButton)
        side_by_side = sum(chip.sizeHint().width() + GAP for chip in chips)
        fits = side_by_side <= min(WIDTH, self.viewport().width()) - 2 * GAP_XL
        direction = QBoxLayout.Direction
        self._prompts.setDirection(direction.LeftToRight if fits else direction.TopToBottom)

    def _add_head(self, layout: QVBoxLayout) -> None:
        layout.addWidget(IconLabel("app", 48, self), 0, Qt.AlignmentFlag.AlignCenter)
        heading = Label(self.tr("Welcome to qwen3mlx"), self)
        heading.setObjectName("heading")
        text = Label(
            self.tr("Run Qwen3 on your own computer: chat here, or serve other apps."), self
        )
        for label in (heading, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        text.setWordWrap(True)
        layout.addSpacing(GAP_S)

    def _add_facts(self, layout: QVBoxLayout) -> None:
        card = QFrame(self)
        card.setObjectName("card")
        rows = QVBoxLayout(card)
        rows.setContentsMargins(GAP_L, GAP + 4, GAP_L, GAP)
        rows.setSpacing(GAP + 2)
        for name, title, text in (
            (
                "lock",
                self.tr("Private"),
                self.tr(
                    "What you write stays on this computer. Nothing is sent anywhere, and"
                    " nothing is downloaded unless you ask."
                ),
            ),
            (
                "models",
                self.tr("Try the demo model"),
                self.tr(
                    "It is tiny and shows how everything works: it counts letters, adds numbers,"
                    " calls tools, and knows little else."
                ),
            ),
            (
                "folder",
                self.tr("Get a Qwen3 model"),
                self.tr(
                    "The Models page offers the one that suits this computer. Those in the Hugging"
                    " Face cache and LM Studio's folder are found; drop others here."
                ),
            ),
        ):
            words = self._add_fact(rows, name, title, text)
        models = Button(self.tr("Open Models"), self)
        models.setObjectName("link")
        models.clicked.connect(self.models_wanted)
        words.addWidget(models, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(card)

    def _add_fact(self, rows: QVBoxLayout, name: str, title: str, text: str) -> QVBoxLayout:
        """Returns the column of its words."""
        row = QHBoxLayout()
        row.setSpacing(GAP_L)
        sign = IconLabel(name, 22, self, "accent")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(section(title, self))
        words.addWidget(hint_label(text, self))
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        rows.addLayout(row)
        return words

    def _add_prompts(self, layout: QVBoxLayout) -> None:
        label = muted(self.tr("Try asking:"), self)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addSpacing(GAP_S)
        layout.addWidget(label)
        row = self._prompts = QHBoxLayout()
        row.setSpacing(GAP)
        row.addStretch()
        # Questions that the demo model can answer.
        for prompt in (
            self.tr("How many r's are in strawberry?"),
            self.tr("What is 27 + 45?"),
            self.tr("Who are you?"),
        ):
            button = labelled_button(self, "chat", prompt, kind="chip")
            button.clicked.connect(partial(self.asked.emit, prompt))
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        row.addStretch()
        layout.addLayout(row)

    def _add_keys(self, layout: QVBoxLayout) -> None:
        text = self.tr("Press {all} for all commands, {keys} for keyboard shortcuts.")
        text = text.format(all=as_written("Ctrl+K"), keys=as_written("Ctrl+/"))
        hint = hint_label(text, self)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(hint)
