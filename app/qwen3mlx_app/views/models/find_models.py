"""Search on the hubs."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ...controllers.downloads import DownloadsController
from ...controllers.hub_search import SOURCES
from ...controllers.models import ModelsController
from ..fields import NoScrollComboBox
from ..following import follow
from ..hubs import HUBS
from ..page import Group
from ..plain import Button
from ..theme import GAP, Theme
from ..widgets import hint_label
from .hit_row import HitRow


class FindModels(QWidget):
    """Nothing is asked of a hub until Enter or the button is pressed."""

    def __init__(
        self,
        downloads: DownloadsController,
        models: ModelsController,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._search = downloads.search
        self._models = models
        self._theme = theme
        self._rows: dict[str, HitRow] = {}
        self._state = hint_label("", self)
        self._group = Group(self)
        self._lines = QVBoxLayout()
        self._lines.setContentsMargins(0, GAP, 0, GAP)
        self._lines.setSpacing(2 * GAP)
        self._group.add_layout(self._lines)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._form())
        layout.addWidget(self._state)
        layout.addWidget(self._group)
        jobs = downloads.jobs
        follow(self, self._show, self._search.changed)
        follow(self, self._update, jobs.rowsInserted, jobs.rowsRemoved, jobs.dataChanged)
        follow(self, self._update, models.refreshed)
        follow(self, self._show_source, self._search.source_changed)
        self._show()

    def _form(self) -> QHBoxLayout:
        self._words = QLineEdit(self)
        self._words.setPlaceholderText(self.tr("Such as: coder 30b 4bit"))
        self._words.setAccessibleName(self.tr("Search for models"))
        self._words.setClearButtonEnabled(True)
        self._words.setMinimumWidth(50)
        self._words.returnPressed.connect(self._ask)
        self._source = NoScrollComboBox(self)
        self._source.setAccessibleName(self.tr("Hub to search"))
        for source in SOURCES:
            self._source.addItem(HUBS[source], source)
        self._source.activated.connect(
            lambda place: self._search.choose(self._source.itemData(place))
        )
        self._show_source(self._search.source)
        start = Button(self.tr("Search"), self)
        start.setAccessibleName(self.tr("Search the hub"))
        start.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._words, 1)
        row.addWidget(self._source)
        row.addWidget(start)
        return row

    def _show_source(self, source: str) -> None:
        self._source.setCurrentIndex(self._source.findData(source))

    def _ask(self) -> None:
        if words := self._words.text().strip():
            self._search.ask(words)

    def _show(self) -> None:
        for row in self._rows.values():
            row.hide()
            row.deleteLater()
        self._rows = {}
        for offer in self._search.found:
            self._rows[offer.download] = HitRow(self._downloads, self._theme, self._group)
            self._lines.addWidget(self._rows[offer.download])
        self._group.setVisible(bool(self._rows))
        self._state.setText(self._said())
        self._state.setVisible(not self._rows)
        self._update()

    def _update(self, *_: object) -> None:
        installed = {entry.id.casefold() for entry in self._models.models.values()}
        for offer in self._search.found:
            self._rows[offer.download].show_offer(
                offer,
                None,
                self._downloads.job_of(offer.repo_id),
                is_here=offer.model.casefold() in installed,
            )

    def _said(self) -> str:
        if self._search.state == "asking":
            return self.tr("Searching {hub}…").format(hub=HUBS[self._search.source])
        if self._search.state == "failed":
            return self._search.error
        if self._search.state == "found":
            return self.tr("Nothing was found that can run here. Use fewer words, or another hub.")
        return self.tr("Finds Qwen3 models that others have published. The words go to that hub.")
