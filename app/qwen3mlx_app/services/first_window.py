"""The first window of a profile: a second start brings it to the front, and ends."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

# Milliseconds for the first window to take the call.
_PATIENCE = 1000
# Bytes of a link.
_LONGEST = 64_000


class FirstWindow(QObject):
    """Emits `wanted(link)` when the program was started again with the same profile.

    `link` is what it was started to open, or empty.
    """

    wanted = Signal(str)

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
            connection.readyRead.connect(self._read_all)
            self._read(connection)

    def _read_all(self) -> None:
        for connection in self._server.findChildren(QLocalSocket):
            self._read(connection)

    def _read(self, connection: QLocalSocket) -> None:
        """Take one line."""
        is_complete = connection.canReadLine() or connection.bytesAvailable() >= _LONGEST
        if is_complete and connection.state() == QLocalSocket.LocalSocketState.ConnectedState:
            line = bytes(connection.readLine(_LONGEST).data())
            connection.disconnectFromServer()
            self.wanted.emit(line.decode("utf-8", "replace").removesuffix("\n"))


def raise_first(profile: Path, link: str = "") -> bool:
    """Bring the window that has the profile to the front; False if it does not answer."""
    socket = QLocalSocket()
    socket.connectToServer(_name(profile))
    if not socket.waitForConnected(_PATIENCE):
        return False
    one_line = link.replace("\n", "%0A").encode("utf-8", "replace")
    socket.write(one_line[: _LONGEST - 1] + b"\n")
    return (
        socket.state() != QLocalSocket.LocalSocketState.ConnectedState
        or socket.waitForDisconnected(_PATIENCE)
    )


def _name(profile: Path) -> str:
    """A short name: the path of a socket has at most 104 bytes on a Mac."""
    digest = hashlib.sha256(str(profile).encode("utf-8", "surrogateescape")).hexdigest()
    return f"qwen3mlx-{digest[:24]}"
