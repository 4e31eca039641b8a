"""The menus of the main window."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from ..domain import Conversation
from .main_window import MainWindow
from .plain import Menu
from .shortcuts import ShortcutSheet

translate = QCoreApplication.translate
Role, Keys = QAction.MenuRole, QKeySequence.StandardKey


def fill_menus(window: MainWindow) -> None:
    """Fill the menu bar in macOS order: File, Edit, Conversation, View, Window, Help."""
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
    export = add(translate("menu", "Export…"), "Ctrl+Shift+E", window.export_shown, icon="export")
    _enable_with_messages(window, export)
    menu.addSeparator()
    add(translate("menu", "Close Window"), "Ctrl+W", window.close, icon="close")
    add(translate("menu", "Quit"), "Ctrl+Q", QApplication.quit, icon="power", role=Role.QuitRole)


def _edit(window: MainWindow) -> None:
    menus, undoable = window.menus, window.program.undo
    menu = menus.menu(translate("menu", "Edit"))
    add = partial(menus.add, menu)
    _of_text(menu)
    menu.addSeparator()
    add(translate("menu", "Find"), "Ctrl+F", window.search, icon="search")
    add(translate("menu", "Write Message"), "Ctrl+L", window.write, icon="edit")
    title = translate("menu", "Undo Delete")
    undo = add(title, "Ctrl+Alt+Z", undoable.undo_last, icon="again")
    undo.setEnabled(False)
    undoable.possible.connect(undo.setEnabled)
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
    settings = translate("menu", "Conversation Settings")
    add(settings, "Ctrl+I", window.toggle_panel, icon="sliders")
    chat = window.program.chat
    stop = add(translate("menu", "Stop Generating"), "Ctrl+.", chat.stop, icon="stop")
    stop.setEnabled(chat.is_busy)
    chat.busy_changed.connect(stop.setEnabled)


def _view(window: MainWindow) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "View")))
    everything = translate("menu", "Command Palette…")
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
    send_with = window.program.settings.settings.send_with
    ShortcutSheet(window.menus.shortcuts(), send_with, window).open()


def _enable_with_messages(window: MainWindow, action: QAction) -> None:
    """Enable the action while the open conversation has messages."""

    def enable(conversation: Conversation | None) -> None:
        action.setEnabled(conversation is not None and conversation.leaf_id is not None)

    enable(window.program.chat.conversation)
    window.program.chat.opened.connect(enable)
    window.program.chat.changed.connect(enable)


def _of_text(menu: Menu) -> None:
    """Text editing commands. macOS panels need them, too: else nothing can be pasted there.

    Fields handle these keys themselves, so the keys are sent to the focused widget.
    """
    for title, standard in (
        (translate("menu", "Undo"), Keys.Undo),
        (translate("menu", "Redo"), Keys.Redo),
        (translate("menu", "Cut"), Keys.Cut),
        (translate("menu", "Copy"), Keys.Copy),
        (translate("menu", "Paste"), Keys.Paste),
        (translate("menu", "Select All"), Keys.SelectAll),
    ):
        action = menu.add(title)
        action.setShortcuts(standard)
        action.triggered.connect(partial(_press, action))


def _press(action: QAction, *_: object) -> None:
    focused = QApplication.focusWidget()
    if focused is not None:
        keys: Any = action.shortcut()  # the stubs lack indexing
        key, modifiers = keys[0].key(), keys[0].keyboardModifiers()
        action.setEnabled(False)  # or its shortcut would trigger it again
        QApplication.sendEvent(focused, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))
        action.setEnabled(True)
