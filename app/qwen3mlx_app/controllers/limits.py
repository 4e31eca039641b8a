"""What the numbers of settings may be, as the server tells."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ..limits import OWN_LIMITS, Limits, SettingLimits
from ..services.endpoint import Endpoint


class LimitsController(QObject):
    """`current` is the window's own table until `refresh` has an answer; `changed` tells of it."""

    changed = Signal()

    def __init__(self, endpoint: Endpoint, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._endpoint = endpoint
        self.current = OWN_LIMITS

    def refresh(self) -> None:
        """Where the server does not tell, what it told before stays."""
        self._endpoint.limits(done=self._set, failed=lambda error: None)

    def of(self, group: str, name: str) -> Limits:
        return self.current[group][name]

    def _set(self, limits: SettingLimits) -> None:
        if limits != self.current:
            self.current = limits
            self.changed.emit()
