"""MCP servers, their tools and what may run, as the server tells and does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ..domain import (
    BuiltInTools,
    CallProgress,
    Tool,
    ToolFault,
    ToolResult,
    ToolServer,
    ToolServers,
)
from .chat import call_progress
from .endpoint_json import as_value
from .http import Call, EndpointError, Failed, malformed
from .json_api import OWN, JsonApi, json_object, read_value
from .server_errors import told as known
from .sse import Comment, Event

TOOLS = f"{OWN}/tools"


class ToolsApi(JsonApi):
    """Each call ends with `done` or `failed`, later, on the event loop."""

    def servers(self, *, done: Callable[[ToolServers], None], failed: Failed) -> Call:
        return self._ask("GET", f"{TOOLS}/servers", read=_servers, done=done, failed=failed)

    def add(
        self,
        name: str,
        entry: Mapping[str, Any],
        *,
        done: Callable[[ToolServers], None],
        failed: Failed,
    ) -> Call:
        body = {"name": name, "entry": dict(entry)}
        return self._ask("POST", f"{TOOLS}/servers", body, read=_servers, done=done, failed=failed)

    def add_all(
        self,
        text: str,
        *,
        done: Callable[[ToolServers, list[str], list[str]], None],
        failed: Failed,
    ) -> Call:
        """Add those of an mcp.json; `done` also gets their names, and why others were left out."""
        return self._ask(
            "POST",
            f"{TOOLS}/servers/import",
            {"text": text},
            read=lambda reply: (
                _servers(reply),
                [str(name) for name in reply["added"]],
                [known(str(why)) for why in reply["left_out"]],
            ),
            done=lambda told: done(*told),
            failed=failed,
        )

    def change(
        self,
        name: str,
        *,
        entry: Mapping[str, Any] | None = None,
        disabled: bool | None = None,
        done: Callable[[ToolServers], None],
        failed: Failed,
    ) -> Call:
        """Give a server another place, with None for values that it keeps; turn it off or on."""
        body = {"name": name, "entry": entry, "disabled": disabled}
        return self._ask("PATCH", f"{TOOLS}/servers", body, read=_servers, done=done, failed=failed)

    def remove(self, name: str, *, done: Callable[[ToolServers], None], failed: Failed) -> Call:
        path = f"{TOOLS}/servers?{urlencode({'name': name})}"
        return self._ask("DELETE", path, read=_servers, done=done, failed=failed)

    def restart(self, name: str, *, done: Callable[[ToolServers], None], failed: Failed) -> Call:
        """End it; it starts again when its tools are asked for."""
        path = f"{TOOLS}/servers/restart"
        return self._ask("POST", path, {"name": name}, read=_servers, done=done, failed=failed)

    def sign_in(
        self,
        name: str,
        *,
        on_address: Callable[[str], object],
        done: Callable[[str], None],
        failed: Failed,
    ) -> Call:
        """Sign in to a server, at an address; `done` gets what went wrong. Aborting gives it up."""
        outcome: list[str] = []

        def read(item: Event | Comment) -> None:
            if isinstance(item, Comment):
                return
            told = json_object(item.data)
            if item.name == "address":
                on_address(str(told.get("url")))
            elif item.name == "result":
                outcome.append(known(str(told.get("error") or "")))

        return self._http.stream(
            "POST",
            f"{TOOLS}/servers/login",
            {"name": name},
            on_item=read,
            done=lambda: done(outcome[-1]) if outcome else failed(malformed()),
            failed=failed,
        )

    def sign_out(self, name: str, *, done: Callable[[ToolServers], None], failed: Failed) -> Call:
        """Forget what signing in has given; ends the server."""
        path = f"{TOOLS}/servers/logout"
        return self._ask("POST", path, {"name": name}, read=_servers, done=done, failed=failed)

    def tools(self, server: str, *, done: Callable[[list[Tool]], None], failed: Failed) -> Call:
        """Ask for a server's tools, which starts it."""
        path = f"{TOOLS}?{urlencode({'server': server})}"
        return self._ask("GET", path, read=_tools, done=done, failed=failed)

    def set_consent(
        self,
        server: str,
        tool: str,
        consent: str,
        *,
        done: Callable[[list[Tool]], None],
        failed: Failed,
    ) -> Call:
        body = {"server": server, "tool": tool, "consent": consent}
        return self._ask("PUT", f"{TOOLS}/consent", body, read=_tools, done=done, failed=failed)

    def own(self, *, done: Callable[[BuiltInTools], None], failed: Failed) -> Call:
        """Ask which built-in tools are on."""
        return self._ask("GET", f"{TOOLS}/builtin", read=_own, done=done, failed=failed)

    def set_own(
        self,
        name: str,
        is_on: bool,
        folders: Sequence[str],
        *,
        done: Callable[[BuiltInTools], None],
        failed: Failed,
    ) -> Call:
        """Turn one on or off; `files` with the folders that may be read."""
        body = {"name": name, "enabled": is_on, "folders": list(folders)}
        return self._ask("PUT", f"{TOOLS}/builtin", body, read=_own, done=done, failed=failed)

    def log(self, server: str, *, done: Callable[[str], None], failed: Failed) -> Call:
        """Ask for what a server has written lately."""
        path = f"{TOOLS}/log?{urlencode({'server': server})}"
        return self._ask(
            "GET", path, read=lambda reply: str(reply["log"]), done=done, failed=failed
        )

    def reply(self, call_id: str, reply: str, *, failed: Failed) -> Call:
        """Say whether a call of an answer may run: once, always or deny."""
        body = {"id": call_id, "reply": reply}
        return self._ask(
            "POST",
            f"{TOOLS}/replies",
            body,
            read=lambda _: None,
            done=lambda _: None,
            failed=failed,
        )

    def call(
        self,
        server: str,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        on_progress: Callable[[CallProgress], None],
        done: Callable[[ToolResult], None],
        failed: Failed,
    ) -> Call:
        """Run a tool; aborting the call ends it."""
        outcome: list[ToolResult | EndpointError] = []

        def read(item: Event | Comment) -> None:
            if isinstance(item, Comment):
                return
            told = json_object(item.data)
            if item.name == "progress":
                progress = read_value(call_progress, {**told, "server": server})
                if isinstance(progress, CallProgress):
                    on_progress(progress)
            elif item.name == "result":
                outcome.append(read_value(lambda value: as_value(ToolResult, value), told))

        def end() -> None:
            last = outcome[-1] if outcome else malformed()
            if isinstance(last, EndpointError):
                failed(last)
            else:
                done(last)

        body = {"server": server, "tool": tool, "arguments": dict(arguments)}
        return self._http.stream(
            "POST", f"{TOOLS}/calls", body, on_item=read, done=end, failed=failed
        )


def _servers(reply: Any) -> ToolServers:
    return ToolServers(
        path=str(reply["path"]),
        servers=tuple(
            as_value(
                ToolServer,
                {**one, **{key: tuple(map(str, one[key])) for key in ("args", "variables")}},
            )
            for one in reply["servers"]
        ),
        faults=tuple(as_value(ToolFault, fault) for fault in reply["faults"]),
    )


def _own(reply: Any) -> BuiltInTools:
    return as_value(BuiltInTools, {**reply, "folders": tuple(map(str, reply["folders"]))})


def _tools(reply: Any) -> list[Tool]:
    return [as_value(Tool, tool) for tool in reply["tools"]]
