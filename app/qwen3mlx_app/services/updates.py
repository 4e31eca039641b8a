"""Whether there is a newer release: one request to one address, which says nothing of the user."""

from __future__ import annotations

import json
import re
from importlib.metadata import version

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest

from .about import NAME
from .timers import single_shot

# Whoever publishes the program sets these two: the latest release as GitHub's interface tells it,
# an object with `tag_name`, and the page that a person is shown. `.invalid` names no computer.
RELEASE = "https://qwen3mlx.invalid/releases/latest.json"
PAGE = "https://qwen3mlx.invalid/releases/latest"
# Milliseconds for the whole answer, and bytes of it.
PATIENCE, LARGEST = 15_000, 256 << 10
_VERSION = re.compile(r"v?(\d{1,5})\.(\d{1,5})\.(\d{1,5})", re.ASCII)


class Updates(QObject):
    """Emits `told(version)`: that of a newer release, empty if there is none, None if it failed."""

    told = Signal(object)

    def __init__(self, address: str = RELEASE, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._address = address
        self._manager = QNetworkAccessManager(self)
        # To another computer, or from HTTPS to HTTP, the answer is an error.
        self._manager.setRedirectPolicy(QNetworkRequest.RedirectPolicy.SameOriginRedirectPolicy)
        self._reply: QNetworkReply | None = None
        self._timer = single_shot(self, PATIENCE, self._give_up)

    def ask(self) -> None:
        """Ask once; while an answer is awaited, nothing more."""
        if self._reply is not None:
            return
        request = QNetworkRequest(QUrl(self._address))
        request.setRawHeader(b"User-Agent", NAME.encode())
        request.setRawHeader(b"Accept-Encoding", b"identity")  # else little could become much
        self._reply = self._manager.get(request)
        self._reply.readyRead.connect(self._bound)
        self._reply.finished.connect(self._finish)
        self._timer.start()

    def _give_up(self) -> None:
        if self._reply is not None:
            self._reply.abort()

    def _bound(self) -> None:
        if self._reply is not None and self._reply.bytesAvailable() > LARGEST:
            self._reply.abort()

    def _finish(self) -> None:
        reply, self._reply = self._reply, None
        self._timer.stop()
        if reply is None:
            return
        is_whole = reply.error() == QNetworkReply.NetworkError.NoError
        latest = read_release(bytes(reply.readAll().data())) if is_whole else None
        reply.deleteLater()
        self.told.emit(None if latest is None else newer(latest, version(NAME)))


def read_release(body: bytes) -> str | None:
    """The version of a release that is described, such as `1.2.3`; None for anything else."""
    try:
        described = json.loads(body)
    except (ValueError, RecursionError):
        return None
    tag = described.get("tag_name") if isinstance(described, dict) else None
    found = _VERSION.fullmatch(tag) if isinstance(tag, str) else None
    return ".".join(str(int(part)) for part in found.groups()) if found else None


def newer(latest: str, own: str) -> str:
    """`latest`, or an empty text unless it is newer than `own`."""
    return latest if _parts(latest) > _parts(own) else ""


def _parts(release: str) -> tuple[int, ...]:
    """The three numbers that a version begins with."""
    found = _VERSION.match(release)
    return tuple(map(int, found.groups())) if found else (0, 0, 0)
