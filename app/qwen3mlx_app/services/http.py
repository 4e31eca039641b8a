"""Non-blocking HTTP with the local server, on Qt's network stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QByteArray, QCoreApplication, QObject, QUrl
from PySide6.QtNetwork import (
    QNetworkAccessManager,
    QNetworkProxy,
    QNetworkReply,
    QNetworkRequest,
)

from ..domain import Notice
from .server_errors import said
from .sse import Comment, Event, LineTooLongError, SseParser

translate = QCoreApplication.translate

# Milliseconds to wait for a reply that is not a stream.
PATIENCE = 60_000

Failed = Callable[["EndpointError"], None]


class EndpointError(Exception):
    """Why a request failed, as a sentence for a person.

    `code` is the server's, or `unreachable`, `interrupted`, `malformed`.
    """

    def __init__(self, message: str, code: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    @property
    def notice(self) -> Notice:
        """The error as a notice, with a button that helps."""
        is_off = self.code == "unreachable"
        if is_off:
            return Notice(text=str(self), kind="error", action="start_server", topic="server")
        return Notice(text=str(self), kind="error")


class Call:
    """A running request. After `abort` it reports nothing."""

    def __init__(self, reply: QNetworkReply, failed: Failed) -> None:
        self._reply = reply
        self._failed = failed
        self._is_over = False
        # A lambda keeps this alive as long as the reply; PySide loses a method's object.
        reply.finished.connect(lambda: self._finish())  # noqa: PLW0108

    def abort(self) -> None:
        if not self._is_over:
            self._is_over = True
            # Qt warns of a call that fails twice: the server is gone, and nobody was told yet.
            if self._reply.error() == QNetworkReply.NetworkError.NoError:
                self._reply.abort()
            self._reply.deleteLater()

    def _finish(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        error = _error(self._reply)
        try:
            if error is not None:
                self._failed(error)
            else:
                self._succeed()
        finally:
            self._reply.deleteLater()

    def _succeed(self) -> None:
        raise NotImplementedError


class _JsonCall(Call):
    def __init__(self, reply: QNetworkReply, done: Callable[[Any], None], failed: Failed) -> None:
        super().__init__(reply, failed)
        self._done = done

    def _succeed(self) -> None:
        try:
            value = json.loads(_bytes(self._reply))
        except (ValueError, RecursionError):
            self._failed(malformed())
            return
        self._done(value)


class _StreamCall(Call):
    def __init__(
        self,
        reply: QNetworkReply,
        on_item: Callable[[Event | Comment], None],
        done: Callable[[], None],
        failed: Failed,
    ) -> None:
        super().__init__(reply, failed)
        self._on_item = on_item
        self._done = done
        self._parser = SseParser()
        reply.readyRead.connect(lambda: self._read())  # noqa: PLW0108

    def _read(self) -> None:
        status = _status(self._reply)
        if self._is_over or status is None or status >= 400:
            return  # an error's body is read once it is complete
        try:
            items = self._parser.feed(_bytes(self._reply))
        except LineTooLongError:
            self.abort()
            self._failed(malformed())
            return
        for item in items:
            if not self._is_over:
                self._on_item(item)

    def _succeed(self) -> None:
        self._is_over = False
        self._read()
        if not self._is_over:
            self._is_over = True
            self._done()


class Http(QObject):
    """Sends requests to `url` with the window's key."""

    def __init__(self, key: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.url = ""
        self._key = key
        self._manager = self._made()
        # A manager has six connections: what listens all the time must not take any of them.
        self._listening = self._made()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        done: Callable[[Any], None],
        failed: Failed,
    ) -> Call:
        """Send a request; `done` gets the JSON of the reply."""
        request = self._request(path)
        request.setTransferTimeout(PATIENCE)
        return _JsonCall(self._send(method, request, body), done, failed)

    def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        on_item: Callable[[Event | Comment], None],
        done: Callable[[], None],
        failed: Failed,
    ) -> Call:
        """Send a request; `on_item` gets each event, and `done` is called when the stream ends."""
        return _StreamCall(self._send(method, self._request(path), body), on_item, done, failed)

    def listen(
        self,
        path: str,
        *,
        on_item: Callable[[Event | Comment], None],
        done: Callable[[], None],
        failed: Failed,
    ) -> Call:
        """Like `stream`, for one that goes on until it is aborted."""
        reply = self._listening.get(self._request(path))
        return _StreamCall(reply, on_item, done, failed)

    def _made(self) -> QNetworkAccessManager:
        manager = QNetworkAccessManager(self)
        manager.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        manager.setRedirectPolicy(QNetworkRequest.RedirectPolicy.ManualRedirectPolicy)
        return manager

    def _request(self, path: str) -> QNetworkRequest:
        request = QNetworkRequest(QUrl(self.url + path))
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        request.setRawHeader(b"User-Agent", b"qwen3mlx window")
        # Compression would delay events.
        request.setRawHeader(b"Accept-Encoding", b"identity")
        if self._key:
            request.setRawHeader(b"Authorization", f"Bearer {self._key}".encode())
        return request

    def _send(self, method: str, request: QNetworkRequest, body: Any) -> QNetworkReply:
        data = b"" if body is None else json.dumps(body).encode()
        return self._manager.sendCustomRequest(request, method.encode(), QByteArray(data))


def malformed() -> EndpointError:
    return EndpointError(
        translate("http", "The server sent an invalid response. Restart it and try again."),
        "malformed",
    )


def interrupted() -> EndpointError:
    return EndpointError(translate("http", "The connection to the server was lost."), "interrupted")


def _bytes(reply: QNetworkReply) -> bytes:
    return bytes(reply.readAll().data())


def _status(reply: QNetworkReply) -> int | None:
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    return status if isinstance(status, int) else None


def _error(reply: QNetworkReply) -> EndpointError | None:
    status = _status(reply)
    if status is not None and status >= 400:
        return _refusal(_bytes(reply), status)
    if reply.error() == QNetworkReply.NetworkError.NoError:
        return None
    if status is not None:
        return interrupted()
    return EndpointError(
        translate("http", "The server is not responding. Start it on the Server page."),
        "unreachable",
    )


def _refusal(body: bytes, status: int) -> EndpointError:
    try:
        error = json.loads(body)["error"]
        code = str(error.get("code") or "")
        return EndpointError(said(code, str(error["message"])), code, status)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return EndpointError(
            translate("http", "The server refused the request (status {status}).").format(
                status=status
            ),
            "malformed",
            status,
        )
