"""The first window of a profile: a second start brings it to the front, and ends."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

# Milliseconds for the first window to take the call.
_PATIENCE = 1000


class FirstWindow(QObject):
    """Emits `wanted` when the program was started again with the same profile."""

    wanted = Signal()

    def __init__(self, profile: Path, parent: QObject | None = None) -> None:
        """The caller must hold the profile's lock: an older socket is taken for a dead one's."""
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._take)
        QLocalServer.removeServer(_name(profile))
        self._server.listen(_name(profile))  # where it cannot, a second start says so

    def _take(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.disconnected.connect(connection.deleteLater)
            connection.disconnectFromServer()
            self.wanted.emit()


def raise_first(profile: Path) -> bool:
    """Bring the window that has the profile to the front; False if it does not answer."""
    socket = QLocalSocket()
    socket.connectToServer(_name(profile))
    return socket.waitForConnected(_PATIENCE) and (
        socket.state() != QLocalSocket.LocalSocketState.ConnectedState
        or socket.waitForDisconnected(_PATIENCE)
    )


def _name(profile: Path) -> str:
    """A short name: the path of a socket has at most 104 bytes on a Mac."""
    digest = hashlib.sha256(str(profile).encode("utf-8", "surrogateescape")).hexdigest()
    return f"qwen3mlx-{digest[:24]}"
