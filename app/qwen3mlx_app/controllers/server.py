"""The server: its state, access, memory and requests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ..domain import (
    ApiKey,
    LogEntry,
    Memory,
    Notice,
    RunningRequest,
    ServerSettings,
    ServerState,
)
from ..limits import OWN_LIMITS
from ..models import ListModel
from ..services.endpoint import Endpoint
from ..services.http import Call, EndpointError, Http
from ..services.server_process import ServerProcess
from ..services.snippets import ServerAddress, Snippet, snippets
from .changes import change_notice

translate = QCoreApplication.translate

MAX_LOG = 1000
# Milliseconds between status requests while the page is watched.
WATCH_EVERY = 1000


class ServerController(QObject):
    """`running` and `log` are kept up to date while somebody watches.

    `settled(topic)`: the cause of notices about it is gone.
    """

    state_changed = Signal(object)
    memory_changed = Signal(object)
    keys_changed = Signal(object)
    key_created = Signal(str, str)
    settings_changed = Signal(object, bool)
    notice = Signal(object)
    settled = Signal(str)

    def __init__(
        self,
        process: ServerProcess,
        http: Http,
        endpoint: Endpoint,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._process = process
        self._http = http
        self._endpoint = endpoint
        self.memory: Memory | None = None
        self.keys: list[ApiKey] = []
        self.needs_key = False  # the server refuses other apps without one
        self.settings: ServerSettings | None = None
        self.restart_needed = False
        self.running = ListModel[RunningRequest](
            lambda request: request.id, lambda request: request.model, self
        )
        self.log = ListModel[LogEntry](lambda entry: entry.id, lambda entry: entry.path, self)
        self._log_call: Call | None = None
        self._watched = False
        self._timer = QTimer(self)
        self._timer.setInterval(WATCH_EVERY)
        self._timer.timeout.connect(self._refresh_status)
        process.state_changed.connect(self._on_state_changed)
        process.port_taken.connect(self._on_port_taken)
        process.crashed.connect(self._on_crashed)

    @property
    def state(self) -> ServerState:
        return self._process.state

    def start(self) -> None:
        self._process.start()

    def stop(self) -> None:
        self._process.stop()

    def restart(self) -> None:
        self._process.restart()

    def watch(self, watched: bool) -> None:
        """Keep `running`, `log` and the memory up to date while `watched`."""
        self._watched = watched
        if watched and self.state.phase == "ready":
            self._timer.start()
            self._refresh_status()
            self._listen()
        else:
            self._timer.stop()
            if self._log_call is not None:
                self._log_call.abort()
                self._log_call = None

    def refresh_keys(self) -> None:
        self._endpoint.keys(done=self._on_keys, failed=self._on_lookup_failed)

    def create_key(self, name: str, scope: str = "inference") -> None:
        """Emit `key_created(name, key)`, this once. For scopes, see `domain.ApiKey`."""

        def created(key: str) -> None:
            self.key_created.emit(name, key)
            self.refresh_keys()

        self._endpoint.create_key(name, scope, done=created, failed=self._notify)

    def revoke_key(self, name: str) -> None:
        self._endpoint.revoke_key(name, done=self._on_keys, failed=self._notify)

    def refresh_settings(self) -> None:
        self._endpoint.settings(done=self._on_settings, failed=self._on_lookup_failed)

    def change_settings(self, title: str, changes: Mapping[str, Any]) -> None:
        """Save what a person changed in the setting with this title; it can be undone.

        Settings take effect at the server's next start.
        """
        known = self.settings
        before = {name: getattr(known, name) for name in changes} if known else {}
        if before == dict(changes):
            return

        def saved(settings: ServerSettings, restart_needed: bool) -> None:
            self._on_settings(settings, restart_needed)
            if before:
                self.notice.emit(change_notice(title, partial(self._restore, before)))

        self._endpoint.settings(changes, done=saved, failed=self._on_not_saved)

    def _restore(self, settings: Mapping[str, Any]) -> bool:
        self._endpoint.settings(settings, done=self._on_settings, failed=self._on_not_saved)
        return True

    def _on_not_saved(self, error: EndpointError) -> None:
        """Show the settings that still hold."""
        self._notify(error)
        self.refresh_settings()

    def snippets(self, model_id: str) -> list[Snippet]:
        """Snippets with the address that the server has, or would have."""
        port = self.settings.port if self.settings else OWN_LIMITS["server"]["port"].default
        url = self.state.url or f"http://127.0.0.1:{port}"
        return snippets(ServerAddress(url, model_id, needs_key=self.needs_key))

    def _on_state_changed(self, state: ServerState) -> None:
        self._http.url = state.url or ""
        self.running.reset([])
        if state.phase == "starting":
            self.settled.emit("port")
        if state.phase == "ready":
            self.log.reset([])
            self.refresh_keys()
            self.refresh_settings()
        self.watch(self._watched)
        self.state_changed.emit(state)

    def _refresh_status(self) -> None:
        self._endpoint.status(done=self._on_status, failed=lambda error: None)

    def _on_status(self, memory: Memory, running: list[RunningRequest]) -> None:
        self.memory = memory
        self.running.set_values(running)
        self.memory_changed.emit(memory)

    def _listen(self) -> None:
        if self._log_call is None:
            last = self.log.value(0).id if self.log.rowCount() else 0
            self._log_call = self._endpoint.log(
                last, on_entry=self._on_log_entry, failed=self._on_log_ended
            )

    def _on_log_entry(self, entry: LogEntry) -> None:
        self.log.insert_first(entry, MAX_LOG)

    def _on_log_ended(self, error: EndpointError) -> None:
        self._log_call = None  # starts again when the server is back

    def _on_keys(self, keys: list[ApiKey], needs_key: bool) -> None:
        self.keys, self.needs_key = keys, needs_key
        self.keys_changed.emit(keys)

    def _on_settings(self, settings: ServerSettings, restart_needed: bool) -> None:
        self.settings, self.restart_needed = settings, restart_needed
        self.settings_changed.emit(settings, restart_needed)

    def _on_port_taken(self, port: int) -> None:
        text = translate(
            "server", "Port {port} is in use by another app. The server uses a free port for now."
        ).format(port=port)
        self.notice.emit(Notice(text=text, kind="warning", topic="port"))

    def _on_crashed(self, reason: str) -> None:
        text = translate("server", "{reason} The server is restarting.").format(reason=reason)
        self.notice.emit(Notice(text=text, kind="warning", topic="server"))

    def _on_lookup_failed(self, error: EndpointError) -> None:
        """Report the error of a background request, unless the server is just off."""
        if error.code != "unreachable":
            self._notify(error)

    def _notify(self, error: EndpointError) -> None:
        self.notice.emit(error.notice)
