"""What the right button offers in the sidebar."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from ..domain import Conversation, Folder
from ..models.sections import Line, SidebarRow, folder_key
from .icons import icon

if TYPE_CHECKING:
    from .sidebar_list import SidebarList


class SidebarMenu(QMenu):
    """For a row, or where there is none. What is done to one of those chosen is done to all."""

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
            self.addAction(icon("folder-plus"), self.tr("New folder"), view.add_folder)

    def _for_conversations(
        self, first: Conversation, ids: list[str], folders: Iterable[Folder]
    ) -> None:
        view = self._view
        pin = self.tr("Unpin") if first.pinned else self.tr("Pin")
        self.addAction(icon("pin"), pin, lambda: view.pinned.emit(ids, not first.pinned))
        if len(ids) == 1:
            self._add_rename(first.id)
        self._add_folders(self.addMenu(icon("folder"), self.tr("Move to folder")), ids, folders)
        self.addAction(icon("export"), self.tr("Export…"), lambda: view.exported.emit(ids))
        self.addSeparator()
        delete = self.tr("Delete")
        if len(ids) > 1:
            delete = self.tr("Delete {count} conversations").format(count=len(ids))
        self.addAction(icon("trash"), delete, lambda: view.deleted.emit(ids))

    def _add_folders(self, menu: QMenu, ids: list[str], folders: Iterable[Folder]) -> None:
        view = self._view
        for folder in folders:
            menu.addAction(icon("folder"), folder.name, partial(view.moved.emit, ids, folder.id))
        menu.addSeparator()
        menu.addAction(self.tr("No folder"), lambda: view.moved.emit(ids, None))
        menu.addAction(icon("folder-plus"), self.tr("New folder…"), lambda: view.add_folder(ids))

    def _for_folder(self, folder: Folder) -> None:
        self._add_rename(folder_key(folder.id))
        self.addAction(icon("folder-plus"), self.tr("New folder"), self._view.add_folder)
        self.addSeparator()
        self.addAction(
            icon("trash"),
            self.tr("Delete the folder, keep its conversations"),
            lambda: self._view.folder_deleted.emit(folder.id),
        )

    def _add_rename(self, key: str) -> None:
        """Rows may have moved until it is chosen."""
        self.addAction(icon("edit"), self.tr("Rename"), lambda: self._view.rename_key(key))
