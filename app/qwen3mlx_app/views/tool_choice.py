"""Which servers' tools the conversation on screen may use: between the button and its settings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from ..controllers.chat import ChatController
from ..controllers.tools import ToolsController
from ..domain import ChatSettings
from .composer import Composer
from .following import follow


class ToolChoice(QObject):
    """The servers start when they are chosen, or a question to a model that has them is begun."""

    def __init__(self, chat: ChatController, tools: ToolsController, composer: Composer) -> None:
        super().__init__(composer)
        self._chat = chat
        self._tools = tools
        self._composer = composer
        composer.tools.chosen.connect(self._choose)
        composer.text.textChanged.connect(self._begin)
        for signal in (chat.opened, chat.changed, tools.changed, tools.tools_changed):
            follow(self, self._show, signal)
        self._show()

    @property
    def _settings(self) -> ChatSettings:
        conversation = self._chat.conversation
        return conversation.settings if conversation is not None else ChatSettings()

    def _show(self, *_: object) -> None:
        servers, tools = self._tools.servers.values(), self._tools.tools
        self._composer.tools.show_tools(self._settings.servers, servers, tools)
        self._begin()

    def _begin(self) -> None:
        """What is written is counted with its tools, so that these have to be known by then."""
        if self._tools.servers.rowCount() and not self._composer.text.document().isEmpty():
            self._tools.start(self._settings.servers)

    def _choose(self, names: tuple[str, ...]) -> None:
        for name in set(names) - set(self._settings.servers):
            self._tools.look(name)  # so that it has started when it is needed
        self._chat.settings.set(replace(self._settings, servers=names))
