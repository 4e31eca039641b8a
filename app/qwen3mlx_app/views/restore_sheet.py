"""The sheet that puts a backup of the conversations back."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListView, QVBoxLayout, QWidget

from ..controllers.backups import BackupsController
from ..models import ListModel
from ..services.store import Backup
from .plain import Button, Label, set_title
from .sizes import count_text
from .theme import GAP, GAP_L, GAP_XL
from .widgets import hint_label

translate = QCoreApplication.translate

WIDTH, HEIGHT = 580, 260


class RestoreSheet(QDialog):
    """Lists the backups, the latest first; one is chosen."""

    def __init__(self, backups: BackupsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Restore From Backup")
        set_title(self, title)
        self._backups = backups
        self._listed = ListModel[Backup](lambda one: str(one.path), backup_text, self)
        self._listed.reset(backups.listed())
        self._list = QListView(self)
        self._list.setObjectName("framed")
        self._list.setModel(self._listed)
        self._list.setAccessibleName(self.tr("Backups"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setMinimumHeight(HEIGHT)
        self._list.activated.connect(self._restore)
        heading = Label(title, self)
        heading.setObjectName("section")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_L)
        layout.setSpacing(GAP)
        layout.addWidget(heading)
        layout.addWidget(hint_label(self._hint(), self))
        layout.addWidget(self._list, 1)
        layout.addLayout(self._buttons())
        self.resize(min(WIDTH, parent.width() - 2 * GAP_XL), self.sizeHint().height())
        self._list.setCurrentIndex(self._listed.index(0))
        self._list.setFocus()

    def _hint(self) -> str:
        if not self._listed.rowCount():
            return self.tr("There is no backup yet. One is made on each day that you use the app.")
        return self.tr(
            "It takes the place of all your conversations, folders, and presets. These are backed"
            " up first, so you can undo this."
        )

    def _buttons(self) -> QHBoxLayout:
        cancel = Button(self.tr("Cancel"), self)
        cancel.clicked.connect(self.reject)
        restore = Button(self.tr("Restore"), self)
        restore.setObjectName("primary")
        restore.setDefault(True)
        restore.setEnabled(self._listed.rowCount() > 0)
        restore.clicked.connect(self._restore)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(restore)
        return row

    def _restore(self, *_: object) -> None:
        index = self._list.currentIndex()
        if index.isValid():
            chosen = self._listed.value(index.row())
            self.accept()
            self._backups.restore(chosen.path)


def backup_text(backup: Backup) -> str:
    """Such as `November 28, 2026, 9:14 AM: 214 conversations`, and why it was made."""
    moment = QDateTime.fromSecsSinceEpoch(int(backup.made_at.timestamp()))
    locale, form = QLocale(), QLocale.FormatType
    date = locale.toString(moment.date(), form.LongFormat)
    time = locale.toString(moment.time(), form.ShortFormat)
    if backup.num_conversations == 1:
        text = translate("backups", "{date}, {time}: 1 conversation")
    else:
        text = translate("backups", "{date}, {time}: {count} conversations")
    told = text.format(date=date, time=time, count=count_text(backup.num_conversations))
    why = {
        "daily": "",
        "upgrade": translate("backups", "before an update"),
        "restore": translate("backups", "before a restore"),
        "rescue": translate("backups", "before the damage"),
    }[backup.kind]
    return f"{told} ({why})" if why else told
