"""What a hub has, and the cards of its models."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal

from ..domain import Offer
from ..services.download_api import DownloadApi
from ..services.http import Call, EndpointError

# The hubs that can be searched.
SOURCES = ("hf", "modelscope")


class HubSearch(QObject):
    """`state` is that of the latest search; `found` are its models, `error` why it failed.

    `source_changed(source)`: another hub is to be searched. `card_told(model, text)`: the card of
    a model, or why there is none.
    """

    changed = Signal()
    source_changed = Signal(str)
    card_told = Signal(str, str)

    def __init__(self, api: DownloadApi, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._api = api
        self._call: Call | None = None
        self._cards: dict[str, str] = {}
        self._is_chosen = False
        self.source = SOURCES[0]
        self.state: Literal["none", "asking", "found", "failed"] = "none"
        self.found: list[Offer] = []
        self.error = ""

    def prefer(self, source: str) -> None:
        """Search this hub, unless a person has chosen one."""
        if not self._is_chosen and source in SOURCES and source != self.source:
            self.source = source
            self.source_changed.emit(source)

    def choose(self, source: str) -> None:
        """Search this hub from now on."""
        self._is_chosen, self.source = True, source

    def ask(self, words: str) -> None:
        """Search; an earlier search that is not answered is given up."""
        if self._call is not None:
            self._call.abort()
        self._cards = {}
        self._set("asking")
        self._call = self._api.search(
            words, self.source, done=self._on_found, failed=self._on_failed
        )

    def ask_card(self, model: str) -> None:
        """Ask for the card of a model that was found, unless it is known."""
        if model in self._cards:
            self.card_told.emit(model, self._cards[model])
            return

        def keep(text: str) -> None:
            self._cards[model] = text
            self.card_told.emit(model, text)

        self._api.card(
            model, done=keep, failed=lambda error: self.card_told.emit(model, str(error))
        )

    def _on_found(self, found: list[Offer]) -> None:
        self._set("found", found)

    def _on_failed(self, error: EndpointError) -> None:
        self._set("failed", error=str(error))

    def _set(
        self,
        state: Literal["none", "asking", "found", "failed"],
        found: list[Offer] | None = None,
        error: str = "",
    ) -> None:
        self.state, self.found, self.error = state, found or [], error
        self.changed.emit()
