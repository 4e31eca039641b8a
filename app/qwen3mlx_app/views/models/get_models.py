"""Models to download: those that suit this computer first, and the whole family on demand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...controllers.downloads import DownloadsController
from ...controllers.models import ModelsController
from ...domain import Offer, Use, recommended
from ..following import follow
from ..page import Group
from ..plain import Button
from ..theme import GAP, Theme
from ..widgets import hint_label
from .offer_row import OfferRow


class GetModels(QWidget):
    """Nothing is downloaded until its button is pressed."""

    def __init__(
        self,
        downloads: DownloadsController,
        models: ModelsController,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._models = models
        self._theme = theme
        self._rows: dict[str, OfferRow] = {}
        self._shows_all = False
        self._group = Group(self)
        self._lines = QVBoxLayout()
        self._lines.setContentsMargins(0, GAP, 0, GAP)
        self._lines.setSpacing(2 * GAP)
        self._group.add_layout(self._lines)
        self._nothing = hint_label(
            self.tr("What there is appears here once the server runs."), self
        )
        self._all = Button(self.tr("Show All Models"), self)
        self._all.clicked.connect(self._toggle_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for widget in (self._nothing, self._group):
            layout.addWidget(widget)
        layout.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeft)
        offers, jobs = downloads.offers, downloads.jobs
        follow(self, self._show, offers.rowsInserted, offers.modelReset)
        follow(self, self._show, jobs.rowsInserted, jobs.rowsRemoved, jobs.dataChanged)
        follow(self, self._show, models.refreshed)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._downloads.look_for_offers()

    def _toggle_all(self) -> None:
        self._shows_all = not self._shows_all
        self._show()

    def _show(self, *_: object) -> None:
        offers = self._downloads.offers.values()
        self._nothing.setVisible(not offers)
        self._group.setVisible(bool(offers))
        self._all.setVisible(bool(offers))
        self._all.setText(
            self.tr("Show Fewer Models") if self._shows_all else self.tr("Show All Models")
        )
        picks = recommended(offers)
        uses = {offer.name: use for use, offer in picks.items()}
        others = [offer for offer in offers if offer.name not in uses]
        if self._shows_all:  # in an order that no download changes
            others.sort(key=lambda offer: offer.verdict == "too-large")
        else:
            others = [offer for offer in others if self._downloads.job_of(offer.repo_id)]
        shown = [*picks.values(), *others]
        self._show_rows(shown, uses)

    def _show_rows(self, shown: list[Offer], uses: dict[str, Use]) -> None:
        names = {offer.name for offer in shown}
        for name, row in self._rows.items():
            row.setVisible(name in names)
        installed = {entry.id.casefold() for entry in self._models.models.values()}
        for place, offer in enumerate(shown):
            if offer.name not in self._rows:
                self._rows[offer.name] = OfferRow(self._downloads, self._theme, self._group)
            row = self._rows[offer.name]
            row.show_offer(
                offer,
                uses.get(offer.name),
                self._downloads.job_of(offer.repo_id),
                is_here=bool({offer.model.casefold(), offer.repo_id.casefold()} & installed),
            )
            if self._lines.indexOf(row) != place:
                self._lines.insertWidget(place, row)
            row.show()
