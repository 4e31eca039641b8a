"""The MCP servers, their tools, and what may run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ..domain import (
    BUILT_IN,
    BuiltInTools,
    CallProgress,
    Notice,
    Tool,
    ToolFault,
    ToolResult,
    ToolServer,
    ToolServers,
)
from ..models import ListModel
from ..services.http import Call, EndpointError
from ..services.tools_api import ToolsApi

# Milliseconds between looks at what the servers do, while somebody watches.
WATCH_EVERY = 2000


class ToolsController(QObject):
    """`servers` has the built-in tools, then a ToolServer for each in the file at `path`.

    `tools` has those of the servers that were asked for theirs, `errors` why one could not tell.
    `own` says which of the built-in ones are on, once the server has told it (`own_changed()`).
    `signing_in` has the servers for which a browser is waited for.
    `changed()`: the servers, or what is wrong in the file (`faults`). `tools_changed(server)`,
    `log_read(server, log)`, `added(names, left out)`, `refused(reason)` and `moved(server,
    reason why not)` tell what came of a request; `notice(Notice)` what failed.
    """

    changed = Signal()
    tools_changed = Signal(str)
    own_changed = Signal()
    log_read = Signal(str, str)
    added = Signal(object, object)
    refused = Signal(str)
    moved = Signal(str, str)
    notice = Signal(object)

    def __init__(self, api: ToolsApi, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._api = api
        self.servers = ListModel[ToolServer](lambda one: one.name, lambda one: one.name, self)
        self.faults: tuple[ToolFault, ...] = ()
        self.path = ""
        self.tools: dict[str, list[Tool]] = {}
        self.errors: dict[str, str] = {}
        self.signing_in: dict[str, Call] = {}
        self.own: BuiltInTools | None = None
        self._asked: set[str] = set()
        self._polls = QTimer(self)
        self._polls.setInterval(WATCH_EVERY)
        self._polls.timeout.connect(self._poll)

    def refresh(self) -> None:
        """Ask for the built-in tools, after which the servers are asked for, too."""
        self.look(BUILT_IN)
        self._ask_own()

    def watch(self, is_watched: bool) -> None:
        """Follow what the servers do, from now on or no longer."""
        if is_watched:
            self._poll()
            self._ask_own()
            self._polls.start()
        else:
            self._polls.stop()

    def server_gone(self) -> None:
        self.servers.set_values([])
        for told in (self.tools, self.errors):
            told.clear()
        self._asked.clear()
        self.changed.emit()
        self._show_own(None)

    def look(self, server: str) -> None:
        """Ask for a server's tools, which starts it."""
        self.errors.pop(server, None)
        self._asked.add(server)
        self._api.tools(
            server,
            done=partial(self._show_tools, server),
            failed=partial(self._on_no_tools, server),
        )

    def start(self, servers: Iterable[str]) -> None:
        """Ask for the tools of those servers that have not been asked."""
        for server in servers:
            if server not in self.tools and server not in self._asked:
                self.look(server)

    def set_own(self, name: str, is_on: bool, folders: Sequence[str] = ()) -> None:
        """Turn a built-in tool on or off; `files` has the folders that may be read."""

        def done(own: BuiltInTools) -> None:
            self._show_own(own)
            self.look(BUILT_IN)

        def failed(error: EndpointError) -> None:
            self._on_failed(error)
            self.own_changed.emit()

        self._api.set_own(name, is_on, folders, done=done, failed=failed)

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        def done(servers: ToolServers) -> None:
            self._show(servers)
            self.added.emit([name], [])

        self._api.add(name, entry, done=done, failed=lambda error: self.refused.emit(str(error)))

    def add_all(self, text: str) -> None:
        """Add the servers in the text of an mcp.json."""

        def done(servers: ToolServers, names: list[str], left_out: list[str]) -> None:
            self._show(servers)
            self.added.emit(names, left_out)

        self._api.add_all(text, done=done, failed=lambda error: self.refused.emit(str(error)))

    def move(self, name: str, entry: Mapping[str, Any]) -> None:
        """Give a server another place; values that are None stay."""
        was_asked = name in self._asked

        def done(told: ToolServers) -> None:
            self._forget(name)
            self._show(told)
            self.moved.emit(name, "")
            if was_asked:
                self.look(name)

        self._api.change(
            name, entry=entry, done=done, failed=lambda error: self.moved.emit(name, str(error))
        )

    def switch(self, name: str, is_on: bool) -> None:
        """Turn a server off, which ends it, or on again."""

        def failed(error: EndpointError) -> None:
            self._on_failed(error)
            self.changed.emit()

        self._forget(name)
        self._api.change(name, disabled=not is_on, done=self._show, failed=failed)

    def remove(self, name: str) -> None:
        self._forget(name)
        self._api.remove(name, done=self._show, failed=self._on_failed)

    def restart(self, name: str) -> None:
        """End a server, and start it again."""
        self._api.restart(name, done=partial(self._look_again, name), failed=self._on_failed)

    def sign_out(self, name: str) -> None:
        """Forget the sign-in to a server, which may want another one then."""
        self._forget(name)
        self._api.sign_out(name, done=partial(self._look_again, name), failed=self._on_failed)

    def sign_in(self, name: str, open_browser: Callable[[str], object]) -> None:
        """Sign in to a server, at an address for a browser."""

        def end(reason: str) -> None:
            self.signing_in.pop(name, None)
            if reason:
                self.notice.emit(Notice(text=reason, kind="error"))
            self.look(name)

        self.signing_in[name] = self._api.sign_in(
            name,
            on_address=open_browser,
            done=end,
            failed=lambda error: end(str(error)),
        )
        self.changed.emit()

    def give_up_sign_in(self, name: str) -> None:
        if (call := self.signing_in.pop(name, None)) is not None:
            call.abort()
            self.changed.emit()

    def set_consent(self, server: str, tool: str, consent: str) -> None:
        self._api.set_consent(
            server,
            tool,
            consent,
            done=partial(self._show_tools, server),
            failed=self._on_failed,
        )

    def read_log(self, server: str) -> None:
        self._api.log(server, done=partial(self.log_read.emit, server), failed=self._on_failed)

    def reply(self, call_id: str, reply: str) -> None:
        """Say whether a call of an answer may run: once, always or deny."""
        self._api.reply(call_id, reply, failed=self._on_failed)

    def call(
        self,
        server: str,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        on_progress: Callable[[CallProgress], None],
        done: Callable[[ToolResult], None],
        failed: Callable[[str], None],
    ) -> Call:
        """Run a tool to try it."""
        return self._api.call(
            server,
            tool,
            arguments,
            on_progress=on_progress,
            done=done,
            failed=lambda error: failed(str(error)),
        )

    def _forget(self, name: str) -> None:
        self.give_up_sign_in(name)
        self.tools.pop(name, None)
        self.errors.pop(name, None)
        self._asked.discard(name)

    def _look_again(self, name: str, told: ToolServers) -> None:
        self._show(told)
        self.look(name)

    def _poll(self) -> None:
        self._api.servers(done=self._show, failed=lambda _: None)

    def _show(self, told: ToolServers) -> None:
        num_own = len(self.tools.get(BUILT_IN, ())) or None
        own = ToolServer(name=BUILT_IN, state="running", num_tools=num_own)
        before = self.servers.values(), self.faults
        self.servers.set_values([own, *told.servers])
        self.faults, self.path = told.faults, told.path
        if before != (self.servers.values(), self.faults):
            self.changed.emit()

    def _ask_own(self) -> None:
        self._api.own(done=self._show_own, failed=lambda _: None)

    def _show_own(self, own: BuiltInTools | None) -> None:
        self.own = own
        self.own_changed.emit()

    def _show_tools(self, server: str, tools: list[Tool]) -> None:
        self.tools[server] = tools
        self.errors.pop(server, None)
        self.tools_changed.emit(server)
        self._poll()

    def _on_no_tools(self, server: str, error: EndpointError) -> None:
        self.errors[server] = str(error)
        self.tools.pop(server, None)
        self.tools_changed.emit(server)
        self._poll()

    def _on_failed(self, error: EndpointError) -> None:
        if error.code != "unreachable":  # the page says that the server is off
            self.notice.emit(Notice(text=str(error), kind="error"))
