"""All actions of the window, for the menu bar and the command palette."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar

from ..composition import Program
from ..controllers.chat import ChatController
from .icons import icon as drawing
from .palette import Entry
from .plain import Menu, add_menu_to, name_more
from .shortcuts import as_written


class Menus(QObject):
    """`add` makes an action; `entries` are all actions, models, presets and conversations."""

    def __init__(
        self, bar: QMenuBar, program: Program, chat: ChatController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._bar = bar
        self._program = program
        self._chat = chat
        self._actions: list[tuple[QAction, str, str]] = []
        name_more(bar, self.tr("More menus"), drawing("right", "text"))

    def menu(self, title: str, letter: str) -> Menu:
        return add_menu_to(self._bar, title, letter)

    def add(
        self,
        menu: Menu,
        title: str,
        shortcut: str | QKeySequence.StandardKey,
        do: Callable[[], object],
        *,
        icon: str = "right",
        role: QAction.MenuRole = QAction.MenuRole.NoRole,
        under: str = "",
    ) -> QAction:
        """Add an action; `role` says where macOS puts it, `under` names its submenu."""
        action = menu.add(title, do)
        action.setMenuRole(role)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        self._actions.append((action, icon, f"{under}: " if under else ""))
        return action

    def shortcuts(self) -> list[tuple[str, str]]:
        """The title and keys of each action that has a shortcut."""
        shown = [(action.text(), as_written(action.shortcut())) for action, *_ in self._actions]
        return [(title, keys) for title, keys in shown if keys]

    def entries(
        self, open_conversation: Callable[[str], object], show_chat: Callable[[], object]
    ) -> list[Entry]:
        """The palette's entries; `show_chat` is called after those that concern the chat."""
        return [
            *self._of_actions(),
            *self._of_models(show_chat),
            *self._of_presets(show_chat),
            *self._of_conversations(open_conversation),
        ]

    def _of_actions(self) -> Iterator[Entry]:
        for place, (action, icon, under) in enumerate(self._actions):
            if not action.isEnabled():
                continue
            hint = as_written(action.shortcut())
            yield Entry(f"action {place}", under + action.text(), hint, icon, action.trigger)

    def _of_models(self, show_chat: Callable[[], object]) -> Iterator[Entry]:
        models, chat = self._program.models, self._chat
        for entry in models.models.values():
            if entry.is_chat and entry.id != chat.model_id:
                use = self.tr("Use {name}").format(name=entry.name)
                do = _both(partial(chat.settings.set_model, entry.id), show_chat)
                yield Entry(f"use {entry.id}", use, self.tr("Model"), "models", do)
            if entry.state == "not-loaded":
                text = self.tr("Load {name}").format(name=entry.name)
                change, sign = partial(models.load, entry.id), "play"
            else:
                text = self.tr("Unload {name}").format(name=entry.name)
                change, sign = partial(models.unload, entry.id), "eject"
            yield Entry(f"load {entry.id}", text, self.tr("Model"), sign, change)

    def _of_presets(self, show_chat: Callable[[], object]) -> Iterator[Entry]:
        for preset in self._program.conversations.presets.values():
            text = self.tr("Use Preset {name}").format(name=preset.name)
            do = _both(partial(self._chat.settings.replace, preset.settings), show_chat)
            yield Entry(f"preset {preset.id}", text, self.tr("Preset"), "sliders", do)

    def _of_conversations(self, open_conversation: Callable[[str], object]) -> Iterator[Entry]:
        for chat in self._program.conversations.conversations.values():
            do = partial(open_conversation, chat.id)
            hint = self.tr("Conversation")
            yield Entry(f"chat {chat.id}", chat.title or self.tr("Untitled"), hint, "chat", do)


def _both(first: Callable[[], object], then: Callable[[], object]) -> Callable[[], None]:
    def do() -> None:
        first()
        then()

    return do
