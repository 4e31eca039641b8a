"""Whether the server starts when the user logs in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice
from ..services import login_item
from ..services.server_errors import system_reason

translate = QCoreApplication.translate


class AutostartController(QObject):
    """Emits `changed()`, also if a change failed."""

    changed = Signal()
    notice = Signal(object)

    def __init__(self, program: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program = program

    @property
    def is_on(self) -> bool:
        return login_item.is_on()

    def set_on(self, is_on: bool) -> None:
        try:
            if is_on:
                login_item.turn_on(self._program)
            else:
                login_item.turn_off()
        except (login_item.LoginItemError, OSError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else error
            text = translate("settings", "This cannot be changed: {reason}").format(reason=reason)
            self.notice.emit(Notice(text=text, kind="error"))
        self.changed.emit()
