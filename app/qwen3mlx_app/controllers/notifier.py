"""Notifications of long work that ended, and of tools that ask, while nobody was looking."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Message, ModelEntry, Notice
from ..models import ListModel
from ..services.plain import listed
from .answer_runner import AnswerRunner

translate = QCoreApplication.translate

# Seconds after which work counts as long.
LONG = 15.0


class Notifier(QObject):
    """`wanted(title, text, conversation id or None)`: of answers and their calls, models being
    loaded, and what it is told.

    `is_watched`: a window of ours is in front; `is_wanted`: notifications are allowed. Nothing is
    said of what is in a temporary chat.
    """

    wanted = Signal(str, str, object)

    def __init__(
        self,
        answers: AnswerRunner,
        models: ListModel[ModelEntry],
        *,
        is_temporary: Callable[[str], bool],
        is_wanted: Callable[[], bool],
        is_watched: Callable[[], bool],
        clock: Callable[[], float] = time.time,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._is_temporary = is_temporary
        self._models = models
        self._is_wanted = is_wanted
        self._is_watched = is_watched
        self._clock = clock
        self._loading: dict[str, float] = {}
        self._answers = answers
        self._asked: dict[str, frozenset[str]] = {}  # calls of a running answer, by conversation
        answers.updated.connect(self._on_updated)
        answers.ended.connect(self._on_answered)
        models.dataChanged.connect(self._on_models_changed)

    def tell(self, notice: Notice) -> None:
        """Of work that is always long, such as a download."""
        self._notify(notice.text, "", None)

    def _on_updated(self, message: Message) -> None:
        """Tell once of each call that waits for a person."""
        progress = self._answers.progress(message.id)
        if progress is None or progress.phase != "tools":
            return
        asked = {one: call for one, call in progress.calls.items() if call.state == "asked"}
        before = self._asked.get(message.conversation_id, frozenset())
        self._asked[message.conversation_id] = before | asked.keys()
        new = [call for call in message.tool_calls if call.id in asked.keys() - before]
        if not new:
            return
        pattern = translate("notifier", "{tool} of {server}")
        named = [pattern.format(tool=one.name, server=asked[one.id].server) for one in new]
        self._notify_of(
            message, translate("notifier", "A tool waits for your permission"), listed(named)
        )

    def _on_answered(self, message: Message) -> None:
        self._asked.pop(message.conversation_id, None)
        if message.status == "stopped" or self._clock() - message.created_at < LONG:
            return
        if message.status == "failed":
            title, text = translate("notifier", "The response failed"), message.error or ""
        else:
            title, text = translate("notifier", "The response is ready"), message.content[:120]
        self._notify_of(message, title, text)

    def _on_models_changed(self) -> None:
        for entry in self._models.values():
            if entry.state == "loading":
                self._loading.setdefault(entry.id, self._clock())
                continue
            since = self._loading.pop(entry.id, None)
            if since is not None and self._clock() - since >= LONG:
                self._on_loaded(entry)

    def _on_loaded(self, entry: ModelEntry) -> None:
        if entry.state == "loaded":
            self._notify(
                translate("notifier", "{name} is loaded").format(name=entry.name), "", None
            )
        else:
            text = translate("notifier", "{name} could not be loaded").format(name=entry.name)
            self._notify(text, "", None)

    def _notify_of(self, message: Message, title: str, text: str) -> None:
        if self._is_temporary(message.conversation_id):  # the system keeps what it shows
            text = ""
        self._notify(title, text, message.conversation_id)

    def _notify(self, title: str, text: str, conversation_id: str | None) -> None:
        if self._is_wanted() and not self._is_watched():
            self.wanted.emit(title, text, conversation_id)
