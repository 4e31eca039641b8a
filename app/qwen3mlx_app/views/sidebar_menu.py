"""The sidebar's context menu."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Qt

from ..domain import Conversation, Folder
from ..models.sections import Line, SidebarRow, folder_key
from .icons import icon
from .plain import Menu
from .sidebar_list import SidebarList


class SidebarMenu(Menu):
    """For a row or none. Actions on a selected conversation apply to the whole selection."""

    def __init__(
        self, view: SidebarList, row: SidebarRow | None, folders: Iterable[Folder]
    ) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._view = view
        if isinstance(row, Line):
            chosen = view.chosen()
            is_one_of_them = row.conversation.id in chosen
            self._for_conversations(
                row.conversation, chosen if is_one_of_them else [row.conversation.id], folders
            )
        elif row is not None and row.folder is not None:
            self._for_folder(row.folder)
        else:
            self.add(self.tr("New Folder"), view.add_folder, icon("folder-plus"))

    def _for_conversations(
        self, first: Conversation, ids: list[str], folders: Iterable[Folder]
    ) -> None:
        view = self._view
        pin = self.tr("Unpin") if first.pinned else self.tr("Pin")
        self.add(pin, lambda: view.pinned.emit(ids, not first.pinned), icon("pin"))
        if len(ids) == 1:
            self._add_rename(first.id)
        self._add_folders(self.add_menu(self.tr("Move to Folder"), icon("folder")), ids, folders)
        self.add(self.tr("Export…"), lambda: view.exported.emit(ids), icon("export"))
        self.addSeparator()
        delete = self.tr("Delete")
        if len(ids) > 1:
            delete = self.tr("Delete {count} Conversations").format(count=len(ids))
        self.add(delete, lambda: view.deleted.emit(ids), icon("trash"))

    def _add_folders(self, menu: Menu, ids: list[str], folders: Iterable[Folder]) -> None:
        view = self._view
        for folder in folders:
            menu.add(folder.name, partial(view.moved.emit, ids, folder.id), icon("folder"))
        menu.addSeparator()
        menu.add(self.tr("Remove from Folder"), lambda: view.moved.emit(ids, None))
        menu.add(self.tr("New Folder"), lambda: view.add_folder(ids), icon("folder-plus"))

    def _for_folder(self, folder: Folder) -> None:
        self._add_rename(folder_key(folder.id))
        self.add(self.tr("New Folder"), self._view.add_folder, icon("folder-plus"))
        self.addSeparator()
        self.add(
            self.tr("Delete Folder and Keep Conversations"),
            lambda: self._view.folder_deleted.emit(folder.id),
            icon("trash"),
        )

    def _add_rename(self, key: str) -> None:
        """Rename by key, since rows may move while the menu is open."""
        self.add(self.tr("Rename"), lambda: self._view.rename_key(key), icon("edit"))
