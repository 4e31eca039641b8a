"""A model that a search has found, with its card below on demand."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ...controllers.downloads import DownloadsController
from ...domain import Download, Offer, Use
from ...services.plain import one_line, visible
from ..following import follow
from ..theme import Theme
from ..widgets import tool_button
from .offer_row import OfferRow

# The height of a card, in lines, and the most characters of it.
CARD_LINES, LONGEST = 12, 60_000


class HitRow(OfferRow):
    """The card is a stranger's: it is shown as it is written, and nothing of it is loaded."""

    def __init__(self, downloads: DownloadsController, theme: Theme, parent: QWidget) -> None:
        super().__init__(downloads, theme, parent)
        self._card = QPlainTextEdit(self)
        self._card.setReadOnly(True)
        self._card.setTabChangesFocus(True)
        self._card.setFixedHeight(CARD_LINES * self._card.fontMetrics().lineSpacing())
        self._card.hide()
        follow(self, self._on_card, downloads.search.card_told)
        self.lines.addWidget(self._card)

    def more(self) -> list[QWidget]:
        self._more = tool_button(self, "info", self.tr("Model card"))
        self._more.setCheckable(True)
        self._more.toggled.connect(self._show_card)
        return [self._more]

    def show_offer(
        self, offer: Offer, use: Use | None, job: Download | None, *, is_here: bool
    ) -> None:
        super().show_offer(offer, use, job, is_here=is_here)
        name = self.tr("Model card of {name}").format(name=offer.name)
        for widget in (self._more, self._card):
            widget.setAccessibleName(one_line(name))

    def _show_card(self, is_wanted: bool) -> None:
        self._card.setVisible(is_wanted)
        if is_wanted and self._offer is not None:
            self._card.setPlainText(self.tr("Loading…"))
            self._downloads.search.ask_card(self._offer.download)

    def _on_card(self, model: str, text: str) -> None:
        if self._offer is not None and model == self._offer.download and self._more.isChecked():
            self._card.setPlainText(visible(text, LONGEST))
