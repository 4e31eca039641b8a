"""How long conversations are kept, and their backups."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ..controllers.backups import BackupsController
from ..controllers.retention import Retention
from ..controllers.settings import SettingsController
from ..domain import AppSettings
from .fields import NoScrollComboBox
from .following import follow
from .long_words import breakable_path
from .page import Group
from .plain import Button, agrees
from .restore_sheet import RestoreSheet
from .sizes import count_text


class HistoryGroup(Group):
    """Asks before the choice of a time deletes anything at once."""

    def __init__(
        self,
        settings: SettingsController,
        retention: Retention,
        backups: BackupsController,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._retention = retention
        self._backups = backups
        self._title = title = self.tr("Delete conversations after")
        self._box = NoScrollComboBox(self)
        self._box.setAccessibleName(title)
        for text, value in (
            (self.tr("Never"), "never"),
            (self.tr("30 days"), "30"),
            (self.tr("90 days"), "90"),
            (self.tr("A year"), "365"),
        ):
            self._box.addItem(text, value)
        self._box.activated.connect(self._choose)
        hint = self.tr("When they have not been used for so long. Pinned ones are always kept.")
        self.add_row(title, self._box, hint)
        restore = Button(self.tr("Restore…"), self)
        restore.setAccessibleName(self.tr("Restore from a backup"))
        restore.clicked.connect(lambda: RestoreSheet(backups, self.window()).open())
        told = self.tr(
            "A copy of all conversations is made on each day that you use the app, and the last"
            " seven are kept in {folder}."
        )
        folder = breakable_path(backups.folder)
        self.add_row(self.tr("Backups"), restore, told.format(folder=folder))
        follow(self, self._show, settings.changed)
        self._show(settings.settings)

    def _show(self, settings: AppSettings) -> None:
        self._box.setCurrentIndex(self._box.findData(settings.delete_after))

    def _choose(self, place: int) -> None:
        value = self._box.itemData(place)
        num_due = len(self._retention.due(value))
        if num_due and not agrees(self, self._question(num_due, value), self.tr("Delete")):
            self._show(self._settings.settings)
            return
        self._settings.change(self._title, delete_after=value)
        self._retention.apply()

    def _question(self, num_due: int, days: str) -> str:
        if num_due == 1:
            text = self.tr(
                "1 conversation has not been used for {days} days. It will be deleted now, and"
                " others as they get as old."
            )
        else:
            text = self.tr(
                "{count} conversations have not been used for {days} days. They will be deleted"
                " now, and others as they get as old."
            )
        return text.format(count=count_text(num_due), days=days)
