"""Which servers' tools the conversation on screen may use: between the button and its settings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from ..controllers.chat import ChatController
from ..controllers.tools import ToolsController
from ..domain import ChatSettings
from .following import follow
from .tools_button import ToolsButton


class ToolChoice(QObject):
    def __init__(self, chat: ChatController, tools: ToolsController, button: ToolsButton) -> None:
        super().__init__(button)
        self._chat = chat
        self._tools = tools
        self._button = button
        button.chosen.connect(self._choose)
        for signal in (chat.opened, chat.changed, tools.changed, tools.tools_changed):
            follow(self, self._show, signal)
        self._show()

    @property
    def _settings(self) -> ChatSettings:
        conversation = self._chat.conversation
        return conversation.settings if conversation is not None else ChatSettings()

    def _show(self, *_: object) -> None:
        servers, tools = self._tools.servers.values(), self._tools.tools
        self._button.show_tools(self._settings.servers, servers, tools)

    def _choose(self, names: tuple[str, ...]) -> None:
        for name in set(names) - set(self._settings.servers):
            self._tools.look(name)  # so that it has started when it is needed
        self._chat.settings.set(replace(self._settings, servers=names))
