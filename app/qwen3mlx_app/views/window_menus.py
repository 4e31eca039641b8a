"""The menus of the main window."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, SignalInstance
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from ..controllers.settings import SettingsController
from .commands import Commands
from .following import follow
from .main_window import MainWindow
from .plain import Menu
from .shortcuts import ShortcutSheet
from .undo_titles import undo_title

translate = QCoreApplication.translate
Role, Keys = QAction.MenuRole, QKeySequence.StandardKey


def fill_menus(window: MainWindow) -> None:
    """Fill the menu bar in macOS order: File, Edit, Conversation, Model, View, Window, Help."""
    commands = Commands(window)
    _file(window, commands)
    _edit(window, commands)
    _conversation(window, commands)
    _model(window, commands)
    _view(window)
    _window(window, commands)
    _help(window, commands)


def _file(window: MainWindow, commands: Commands) -> None:
    menus = window.menus
    menu = menus.menu(translate("menu", "File"), "F")
    add = partial(menus.add, menu)
    add(translate("menu", "New Conversation"), "Ctrl+N", window.new, icon="compose")
    another = translate("menu", "New Window")
    add(another, "Ctrl+Alt+N", window.another_wanted.emit, icon="panel")
    chat = window.session.chat
    temporary = translate("menu", "New Temporary Chat")
    add(temporary, "Ctrl+Alt+T", window.new_temporary, icon="temporary")
    keep = add(translate("menu", "Keep This Chat"), "Ctrl+S", chat.keep, icon="download")
    _enable(window, keep, lambda: chat.is_temporary and chat.has_messages)
    folder = translate("menu", "New Folder")
    add(folder, "Ctrl+Shift+N", commands.add_folder, icon="folder-plus")
    menu.addSeparator()
    add(translate("menu", "Import…"), "", commands.import_files, icon="download")
    export = add(translate("menu", "Export…"), "Ctrl+Shift+E", commands.export_shown, icon="export")
    _enable(window, export, lambda: chat.has_messages and not chat.is_temporary)
    all_of_them = add(translate("menu", "Export All…"), "", commands.export_all, icon="export")
    _enable(window, all_of_them, window.program.conversations.conversations.rowCount)
    restore = translate("menu", "Restore From Backup…")
    add(restore, "", commands.restore_backup, icon="again")
    menu.addSeparator()
    add(translate("menu", "Close Window"), "Ctrl+W", window.close, icon="close")
    add(translate("menu", "Quit"), "Ctrl+Q", QApplication.quit, icon="power", role=Role.QuitRole)


def _edit(window: MainWindow, commands: Commands) -> None:
    menus, undoable = window.menus, window.session.undo
    menu = menus.menu(translate("menu", "Edit"), "E")
    add = partial(menus.add, menu)
    _of_text(menu)
    menu.addSeparator()
    bar = window.chat.find_bar
    add(translate("menu", "Find"), "Ctrl+F", commands.find_here, icon="search")
    add(translate("menu", "Find Next"), "Ctrl+G", bar.next, icon="down")
    add(translate("menu", "Find Previous"), "Ctrl+Shift+G", bar.previous, icon="up")
    everywhere = translate("menu", "Search Conversations")
    add(everywhere, "Ctrl+Shift+F", commands.search, icon="search")
    add(translate("menu", "Focus Message Field"), "Shift+Esc", commands.write, icon="edit")
    undo = add(undo_title(None), "Ctrl+Alt+Z", undoable.undo_last, icon="again")

    def show_undo(*_: object) -> None:
        undo.setText(undo_title(undoable.last))
        undo.setEnabled(undoable.last is not None)

    _follow(undo, show_undo, undoable.changed)
    add(
        translate("menu", "Settings…"),
        "Ctrl+,",
        partial(window.show_page, "settings"),
        icon="settings",
        role=Role.PreferencesRole,
    )


def _conversation(window: MainWindow, commands: Commands) -> None:
    menus, chat = window.menus, window.session.chat
    menu = menus.menu(translate("menu", "Conversation"), "C")
    add = partial(menus.add, menu)
    enable = partial(_enable, window)

    def may_answer() -> bool:
        return chat.last_answer is not None and not chat.is_busy

    def may_go_on() -> bool:
        answer = chat.last_answer
        return answer is not None and answer.is_broken_off and not chat.is_busy

    on = translate("menu", "Continue Answer")
    enable(add(on, "Ctrl+Alt+R", commands.continue_answer, icon="continue"), may_go_on)
    again = add(translate("menu", "Regenerate"), "Ctrl+R", commands.regenerate, icon="again")
    enable(again, may_answer)
    other = translate("menu", "Regenerate With…")
    enable(add(other, "Ctrl+Shift+R", commands.regenerate_with, icon="again"), may_answer)
    compare = translate("menu", "Compare With Another Model…")
    add(compare, "Ctrl+Shift+L", commands.compare, icon="models")
    copy = translate("menu", "Copy Last Answer")
    enable(add(copy, "Ctrl+Shift+C", commands.copy_last, icon="copy"), may_answer)
    stop = add(translate("menu", "Stop Generating"), "Ctrl+.", chat.stop, icon="stop")
    enable(stop, lambda: chat.is_busy)
    menu.addSeparator()
    add(translate("menu", "Attach Files…"), "Ctrl+Shift+A", commands.attach, icon="attach")
    title = translate("menu", "Think Before Answering")
    think = add(title, "Ctrl+Shift+T", commands.toggle_thinking, icon="think")
    think.setCheckable(True)
    enable(think, lambda: chat.thinking_mode("").can_change)
    _check(window, think, lambda: chat.thinking_mode("").is_on)
    settings = translate("menu", "Conversation Settings")
    add(settings, "Ctrl+I", commands.toggle_panel, icon="sliders")
    menu.addSeparator()
    add(translate("menu", "Rename"), "F2", commands.rename, icon="edit")
    pin = add(translate("menu", "Pin"), "Ctrl+Shift+P", commands.toggle_pin, icon="pin")
    pin.setCheckable(True)
    enable(pin, lambda: commands.conversation is not None)
    _check(window, pin, lambda: commands.conversation is not None and commands.conversation.pinned)
    remove = translate("menu", "Delete Conversation")
    delete = add(remove, "Ctrl+Shift+Backspace", commands.delete, icon="trash")
    enable(delete, lambda: commands.conversation is not None)
    menu.addSeparator()
    tab = "Meta+Tab" if sys.platform == "darwin" else "Ctrl+Tab"
    back_tab = "Meta+Shift+Tab" if sys.platform == "darwin" else "Ctrl+Shift+Tab"
    for title, keys, step, sign in (
        (translate("menu", "Next Conversation"), tab, 1, "down"),
        (translate("menu", "Previous Conversation"), back_tab, -1, "up"),
    ):
        add(title, keys, partial(commands.next_conversation, step), icon=sign)
    add(translate("menu", "Back"), "Ctrl+[", partial(commands.go, -1), icon="left")
    add(translate("menu", "Forward"), "Ctrl+]", partial(commands.go, 1), icon="right")


def _model(window: MainWindow, commands: Commands) -> None:
    menus, server = window.menus, window.program.server
    menu = menus.menu(translate("menu", "Model"), "M")
    add = partial(menus.add, menu)
    pick = translate("menu", "Choose Model…")
    add(pick, "Ctrl+L", commands.pick_model, icon="models")
    menu.addSeparator()
    start = add(translate("menu", "Start Server"), "", server.start, icon="power")
    stop = add(translate("menu", "Stop Server"), "", server.stop, icon="power")
    restart = add(translate("menu", "Restart Server"), "", server.restart, icon="again")

    def enable(*_: object) -> None:
        is_up = server.state.phase in ("starting", "ready")
        start.setEnabled(not is_up and server.state.phase != "stopping")
        stop.setEnabled(is_up)
        restart.setEnabled(server.state.phase == "ready")

    _follow(menu, enable, server.state_changed)


def _view(window: MainWindow) -> None:
    menus, settings = window.menus, window.program.settings
    menu = menus.menu(translate("menu", "View"), "V")
    add = partial(menus.add, menu)
    everything = translate("menu", "Command Palette…")
    add(everything, "Ctrl+K", window.palette_sheet.open, icon="search")
    pages = [(name, title) for name, title in window.rail.titles.items() if name != "settings"]
    for number, (name, title) in enumerate(pages, start=1):
        add(title, f"Ctrl+{number}", partial(window.show_page, name), icon=name)
    menu.addSeparator()
    sidebar = translate("menu", "Show or Hide Sidebar")
    key = "Ctrl+Meta+S" if sys.platform == "darwin" else "F9"
    add(sidebar, key, window.body.toggle_sidebar, icon="sidebar")
    menu.addSeparator()
    larger = add(translate("menu", "Zoom In"), "Ctrl++", partial(settings.zoom, 1), icon="plus")
    larger.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
    add(translate("menu", "Zoom Out"), "Ctrl+-", partial(settings.zoom, -1), icon="minus")
    actual = translate("menu", "Actual Size")
    add(actual, "Ctrl+0", partial(settings.zoom, None), icon="search")
    _themes(window, menu)


def _themes(window: MainWindow, menu: Menu) -> None:
    settings, title = window.program.settings, translate("menu", "Theme")
    inner, group = menu.add_menu(title), QActionGroup(menu)
    for name, theme in (
        (translate("menu", "Match System"), "system"),
        (translate("menu", "Light"), "light"),
        (translate("menu", "Dark"), "dark"),
    ):
        use = partial(settings.update, theme=theme)
        action = window.menus.add(inner, name, "", use, icon="sun", under=title)
        action.setCheckable(True)
        action.setActionGroup(group)
        _follow(action, partial(_check_theme, action, settings, theme), settings.changed)


def _check_theme(action: QAction, settings: SettingsController, theme: str, *_: object) -> None:
    action.setChecked(settings.settings.theme == theme)


def _window(window: MainWindow, commands: Commands) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "Window"), "W"))
    add(translate("menu", "Minimize"), "Ctrl+M", window.showMinimized, icon="down")
    add(translate("menu", "Zoom"), "", commands.toggle_zoom, icon="up")
    full = translate("menu", "Full Screen")
    add(full, Keys.FullScreen, commands.toggle_full_screen, icon="panel")


def _help(window: MainWindow, commands: Commands) -> None:
    menus = window.menus
    add = partial(menus.add, menus.menu(translate("menu", "Help"), "H"))
    add(translate("menu", "qwen3mlx Help"), Keys.HelpContents, commands.show_help, icon="file")
    sheet = partial(_show_shortcuts, window)
    add(translate("menu", "Keyboard Shortcuts"), "Ctrl+/", sheet, icon="keyboard")
    if window.program.command_link.command is not None:
        _command_link(window, add("", "", window.program.command_link.change, icon="server"))
    report = translate("menu", "Report a Problem…")
    add(report, "", commands.report_problem, icon="warning")
    about = translate("menu", "About qwen3mlx")
    add(about, "", commands.show_about, icon="info", role=Role.AboutRole)


def _command_link(window: MainWindow, change: QAction) -> None:
    link = window.program.command_link

    def show(*_: object) -> None:
        put = translate("menu", "Install the Command qwen3mlx")
        take_away = translate("menu", "Remove the Command qwen3mlx")
        change.setText(take_away if link.is_on else put)

    _follow(change, show, link.changed)


def _show_shortcuts(window: MainWindow) -> None:
    send_with = window.program.settings.settings.send_with
    ShortcutSheet(window.menus.shortcuts(), send_with, window).open()


def _follow(owner: QObject, show: Callable[..., None], *signals: SignalInstance) -> None:
    """Call `show` now and at each signal."""
    show()
    follow(owner, show, *signals)


def _enable(window: MainWindow, action: QAction, may_be: Callable[[], object]) -> None:
    """Enable the action while `may_be()`, which is asked when the conversation changes."""
    _follow(action, lambda *_: action.setEnabled(bool(may_be())), *_changes(window))


def _check(window: MainWindow, action: QAction, is_on: Callable[[], bool]) -> None:
    _follow(action, lambda *_: action.setChecked(is_on()), *_changes(window))


def _changes(window: MainWindow) -> tuple[SignalInstance, ...]:
    chat, program = window.session.chat, window.program
    known = program.conversations.conversations
    lists = (known.rowsInserted, known.rowsRemoved, known.dataChanged, program.models.refreshed)
    return (chat.opened, chat.changed, chat.busy_changed, *lists)


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
