"""What stands in the menu bar of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication

from .shortcuts import ShortcutSheet

if TYPE_CHECKING:
    from .main_window import MainWindow

translate = QCoreApplication.translate
Role = QAction.MenuRole


def fill_menus(window: MainWindow) -> None:
    """In the order of a Mac: File, Edit, Conversation, View, Window, Help."""
    _file(window)
    _edit(window)
    _conversation(window)
    _view(window)
    _window(window)
    _help(window)


def _file(window: MainWindow) -> None:
    menus = window.menus
    menu = menus.menu(translate("menu", "File"))
    add = partial(menus.add, menu)
    add(translate("menu", "New Conversation"), "Ctrl+N", window.new, icon="compose")
    folder = translate("menu", "New Folder")
    add(folder, "Ctrl+Shift+N", window.add_folder, icon="folder-plus")
    menu.addSeparator()
    add(translate("menu", "Import…"), "", window.import_files, icon="download")
    add(translate("menu", "Export…"), "Ctrl+Shift+E", window.export_shown, icon="export")
    menu.addSeparator()
    add(translate("menu", "Close Window"), "Ctrl+W", window.close, icon="close")
    add(translate("menu", "Quit"), "Ctrl+Q", QApplication.quit, icon="power", role=Role.QuitRole)


def _edit(window: MainWindow) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "Edit")))
    undo = window.program.conversations.undo_delete
    add(translate("menu", "Find"), "Ctrl+F", window.search, icon="search")
    add(translate("menu", "Write"), "Ctrl+L", window.write, icon="edit")
    add(translate("menu", "Undo Delete"), "Ctrl+Shift+Z", undo, icon="again")
    add(
        translate("menu", "Settings…"),
        "Ctrl+,",
        partial(window.show_page, "settings"),
        icon="settings",
        role=Role.PreferencesRole,
    )


def _conversation(window: MainWindow) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "Conversation")))
    add(translate("menu", "Rename"), "F2", window.rename, icon="edit")
    settings = translate("menu", "Settings of the Conversation")
    add(settings, "Ctrl+I", window.toggle_panel, icon="sliders")
    add(translate("menu", "Stop"), "Ctrl+.", window.program.chat.stop, icon="stop")


def _view(window: MainWindow) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "View")))
    everything = translate("menu", "Do Anything…")
    add(everything, "Ctrl+K", window.palette_sheet.open, icon="search")
    pages = [(name, title) for name, title in window.rail.titles.items() if name != "settings"]
    for number, (name, title) in enumerate(pages, start=1):
        add(title, f"Ctrl+{number}", partial(window.show_page, name), icon=name)


def _window(window: MainWindow) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "Window")))
    add(translate("menu", "Minimize"), "Ctrl+M", window.showMinimized, icon="down")


def _help(window: MainWindow) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "Help")))
    sheet = partial(_show_shortcuts, window)
    add(translate("menu", "Keyboard Shortcuts"), "Ctrl+/", sheet, icon="keyboard")
    about = translate("menu", "About qwen3mlx")
    add(about, "", window.show_about, icon="info", role=Role.AboutRole)


def _show_shortcuts(window: MainWindow) -> None:
    ShortcutSheet(window.menus.shortcuts(), window).open()
