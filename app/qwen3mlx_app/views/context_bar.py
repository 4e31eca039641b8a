"""Above the composer: the conversation does not fit the context, and what helps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ..controllers.context import ContextController
from .counts import short_count
from .flow import Flow
from .plain import Button, Label
from .theme import GAP, GAP_L


class ContextBar(QFrame):
    """`draft()` is the text being written, which a summary takes along."""

    def __init__(
        self, context: ContextController, draft: Callable[[], str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("notice")
        self._text = Label("", self)
        self._text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP, GAP_L, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self._text)
        flow = Flow(self)
        layout.addWidget(flow)
        self._load = self._button("", context.load_larger)
        self._drop = self._button(self.tr("Drop Oldest Messages"), context.drop_oldest)
        self._summarize = self._button(
            self.tr("Summarize in New Conversation"), lambda: context.summarize(draft())
        )
        self._all = self._button(self.tr("Send All Again"), context.send_all)
        for button in (self._load, self._drop, self._summarize, self._all):
            flow.add(button)
        context.changed.connect(self.show_context)
        self.show_context()

    def show_context(self) -> None:
        context = self._context
        is_full, is_draft_full = context.is_full, context.is_draft_full
        larger = context.larger if is_full else None
        self._load.setVisible(larger is not None)
        if larger is not None:
            text = self.tr("Load with {size} Context").format(size=short_count(larger))
            self._load.setText(text)
        for button in (self._drop, self._summarize):
            button.setVisible(is_full and not is_draft_full)
        self._all.setVisible(not is_full and context.num_unsent > 0)
        self._text.setText(self._said())
        self.setProperty("kind", "warning" if is_full else "info")
        for widget in (self, self._text):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.setVisible(is_full or context.num_unsent > 0)

    def _said(self) -> str:
        context = self._context
        used = context.used
        if context.is_draft_full:
            used = context.used if context.draft is None else context.draft
            text = self.tr(
                "The message is too long for the model: {used} of {total} tokens. Shorten it."
            )
        elif context.is_full:
            text = self.tr(
                "The conversation is too long for the model: {used} of {total} tokens, and none"
                " left for an answer."
            )
        elif context.num_unsent == 1:
            text = self.tr("The oldest message is not sent to the model.")
        else:
            text = self.tr("The oldest {count} messages are not sent to the model.")
        number = f"{used or 0:,}"
        if context.is_least:
            number = self.tr("more than {number}").format(number=number)
        sizes = {"used": number, "total": f"{context.total or 0:,}"}
        return text.format(**sizes, count=context.num_unsent)

    def _button(self, text: str, do: Callable[[], object]) -> Button:
        button = Button(text, self)
        button.clicked.connect(lambda *_: do())
        return button
