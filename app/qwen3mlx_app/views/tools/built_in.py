"""The built-in tools that reach further than the program, and whether they are on."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...domain import BuiltInTools
from ...services.plain import one_line
from ..file_dialogs import ask_folder
from ..following import follow
from ..kept_rows import KeptRows
from ..page import Group
from ..plain import Button, NameLabel
from ..switch import Switch
from ..theme import GAP, Theme


class BuiltInSwitches(Group):
    """Shown as the server has told them; what is refused goes back."""

    def __init__(self, tools: ToolsController, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._page = self._switch(
            "fetch_page",
            self.tr("Read web pages"),
            self.tr(
                "Pages of the public web, as text. A page can ask the model to send what it"
                " knows to another address: allow it once at a time where that matters."
            ),
            theme,
        )
        add = Button(self.tr("Add…"), self)
        add.setAccessibleName(self.tr("Add Folder…"))
        add.clicked.connect(self._add_folder)
        self.add_row(
            self.tr("Read files"),
            add,
            self.tr("Lists, reads and searches text files in the folders that you add."),
        )
        self._folders = QVBoxLayout()
        self._folders.setSpacing(GAP)
        self._rows.addLayout(self._folders)
        self._lines = KeptRows[QWidget](self._folders, self)
        self._python = self._switch("run_python", self.tr("Run Python code"), "", theme)
        follow(self, self._show, tools.own_changed)
        self._show()

    def _switch(self, name: str, title: str, hint: str, theme: Theme) -> Switch:
        switch = Switch(title, theme, self)
        switch.toggled.connect(partial(self._tools.set_own, name))
        below = self.add_row(title, switch, hint)
        if name == "run_python":
            self._about_python = below
        return switch

    def _show(self) -> None:
        own = self._tools.own
        self.setVisible(own is not None)
        if own is None:
            return
        for switch, is_on in ((self._page, own.fetch_page), (self._python, own.run_python)):
            with QSignalBlocker(switch):
                switch.setChecked(is_on)
        self._python.setEnabled(own.sandbox or own.run_python)
        self._about_python.setText(
            self.tr("In a sandbox of the system: without network and without your files.")
            if own.sandbox
            else self.tr("This computer has no sandbox to run code in: install bubblewrap.")
        )
        self._about_python.show()
        self._show_folders(own)

    def _show_folders(self, own: BuiltInTools) -> None:
        self._lines.keep(own.folders, self._folder)
        self._folders.setContentsMargins(0, 0, 0, GAP if own.folders else 0)

    def _folder(self, folder: str) -> QWidget:
        line = QWidget(self)
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        name = NameLabel(folder, line)
        name.setObjectName("muted")
        name.setMinimumWidth(1)
        remove = Button(self.tr("Remove"), line)
        remove.setAccessibleName(one_line(self.tr("Remove {name}").format(name=folder)))
        remove.clicked.connect(partial(self._remove, folder))
        layout.addWidget(name, 1)
        layout.addWidget(remove)
        return line

    def _add_folder(self) -> None:
        title = self.tr("Choose a Folder That May Be Read")
        path = ask_folder(self, title)
        own = self._tools.own
        if path and own is not None and path not in own.folders:
            self._set_folders([*own.folders, path])

    def _remove(self, folder: str) -> None:
        if (own := self._tools.own) is not None:
            self._set_folders([one for one in own.folders if one != folder])

    def _set_folders(self, folders: list[str]) -> None:
        self._tools.set_own("files", bool(folders), folders)
