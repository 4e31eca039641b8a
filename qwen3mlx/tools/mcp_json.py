"""`mcp.json`: the MCP servers that a person uses, in the notation of LM Studio, Cursor and Claude.

    {"mcpServers": {"time": {"command": "uvx", "args": ["mcp-server-time"]},
                    "docs": {"url": "https://example.com/mcp", "headers": {"X-Key": "..."}}}}

What is wrong with one server costs that one alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import UsageError
from ..quoting import printable, quoted
from ..settings.state import StateFile
from .json_places import Member, members

ROOT = "mcpServers"
# The name of the tools that come with the program, beside those of servers.
BUILT_IN = "builtin"
MOST_SERVERS, LONGEST_NAME = 100, 64
_STDIO, _HTTP = ("stdio",), ("http", "streamable-http", "streamableHttp", "streamable_http")
_NAME = re.compile(r"[^\s/][^/]*")


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server: a program to start (`command`), or one that runs elsewhere (`url`)."""

    name: str
    command: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    disabled: bool = False

    @property
    def fingerprint(self) -> str:
        """Differs between programs and addresses, but not between the secrets given to them."""
        told = json.dumps([self.command, self.args, self.cwd, self.url])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def place(self) -> str:
        """The command line or the address, as one line."""
        return printable(self.url or " ".join([self.command or "", *self.args]))


class Fault(NamedTuple):
    """What is wrong in the file; `name` is that of the server it costs, or empty."""

    name: str
    line: int
    text: str


class Servers(NamedTuple):
    """The servers that can be used, by name, and what is wrong; `notes` cost nothing."""

    servers: Mapping[str, ServerConfig]
    faults: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()


class McpFile:
    """A file of servers; `path` None stands for mcp.json in the state folder."""

    def __init__(self, path: Path | None = None) -> None:
        self._file = StateFile(path.name, path.parent) if path else StateFile("mcp.json")
        self.path = self._file.path

    def version(self) -> object:
        """Differs after each change of the file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def read(self) -> Servers:
        """Raises ConfigurationError if the file cannot be read at all."""
        text = self._file.text()
        return Servers({}) if text is None else parse(text)

    def text(self) -> str:
        """The file as it is written; empty if there is none. Raises ConfigurationError."""
        return self._file.text() or ""

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        """Save a server. Raises UsageError for a name that exists or an entry that is wrong."""
        check(name, entry)
        with self._file.edit() as values:
            servers = values.setdefault(ROOT, {})
            if name in servers:
                raise UsageError(
                    f"{self.path} has a server {quoted(name)} already: choose another name, or "
                    f"remove it with `qwen3mlx mcp remove {name}`."
                )
            servers[name] = dict(entry)

    def change(self, name: str, entry: Mapping[str, Any]) -> None:
        """Give a server another place; what else its entry has stays.

        A variable or header that is null keeps its value. Raises UsageError.
        """
        with self._entry(name) as old:
            new = _moved(old, entry)
            check(name, new)
            old.clear()
            old.update(new)

    def switch(self, name: str, *, disabled: bool) -> None:
        """Turn a server off, or on again. Raises UsageError if there is none of that name."""
        with self._entry(name) as entry:
            entry.pop("disabled", None)
            if "enabled" in entry:
                entry["enabled"] = not disabled
            elif disabled:
                entry["disabled"] = True

    @contextmanager
    def _entry(self, name: str) -> Iterator[dict[str, Any]]:
        """The entry of a server, to be changed in place."""
        with self._file.edit() as values:
            servers = values.get(ROOT)
            entry = servers.get(name) if isinstance(servers, dict) else None
            if not isinstance(entry, dict):
                raise UsageError(f"There is no server {name}.")
            yield entry

    def remove(self, name: str) -> bool:
        """Remove a server. Return False if there is none of that name."""
        with self._file.edit() as values:
            servers = values.get(ROOT)
            return isinstance(servers, dict) and servers.pop(name, None) is not None


def check(name: str, entry: Mapping[str, Any]) -> ServerConfig:
    """The server that an entry describes. Raises UsageError, which names the key."""
    try:
        text = json.dumps({ROOT: {name: entry}}, allow_nan=False)
    except (ValueError, TypeError):
        raise UsageError("The entry of a server must be a JSON object.") from None
    read = parse(text)
    if read.faults:
        raise UsageError(f"{read.faults[0].text}.")
    return read.servers[name]


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The entry `old` with the place that `new` has, in the order of `old`."""
    gone = {key for key in _PLACE if key not in new}
    if ("url" in new) == ("command" in old):  # it becomes the other kind
        gone |= {"type", "cwd"}
    moved = {key: value for key, value in old.items() if key not in gone} | dict(new)
    for key in ("env", "headers"):
        known = old.get(key)
        if isinstance(values := new.get(key), dict):
            kept = known if isinstance(known, dict) else {}
            moved[key] = {
                name: kept.get(name) if value is None else value for name, value in values.items()
            }
    return moved


def parse(text: str) -> Servers:
    """The servers in the text of an mcp.json."""
    servers: dict[str, ServerConfig] = {}
    faults: list[Fault] = []
    notes: list[Fault] = []
    for member in _servers(text):
        entry = _Entry(text, member, notes)
        try:
            if member.key in servers:
                raise _Wrong(member.line, f"{_shown(member.key)} is there twice")
            if len(servers) >= MOST_SERVERS:
                raise _Wrong(member.line, f"there are more than {MOST_SERVERS} servers")
            servers[member.key] = entry.config()
        except _Wrong as wrong:
            faults.append(Fault(member.key, wrong.line, wrong.text))
    return Servers(servers, tuple(faults), tuple(notes))


def entries(text: str) -> dict[str, Any]:
    """The servers as they are written, those that can be used alone."""
    usable = parse(text).servers
    return {each.key: each.value for each in _servers(text) if each.key in usable}


def _servers(text: str) -> list[Member]:
    """The members of `mcpServers`; what is wrong around them is a member with a fault."""
    found: list[Member] = []
    for member in members(text):
        if member.key == ROOT and member.at:
            found += members(text, member.at)  # up to a fault in it
        elif member.fault is not None:
            found.append(member._replace(key=""))
    return found


class _Wrong(Exception):
    def __init__(self, line: int, text: str) -> None:
        self.line, self.text = line, text


class _Entry:
    """The entry of one server, whose keys are checked one after the other."""

    def __init__(self, text: str, member: Member, notes: list[Fault]) -> None:
        self._member = member
        self._notes = notes
        is_object = isinstance(member.value, dict)
        self._keys = {one.key: one for one in members(text, member.at)} if is_object else {}

    def config(self) -> ServerConfig:
        """Raises _Wrong for what is wrong first."""
        name, line = self._member.key, self._member.line
        if self._member.fault is not None:
            where = f"{_shown(name)}: " if name else ""
            raise _Wrong(line, f"{where}{self._member.fault}")
        self._check_name(name, line)
        if not isinstance(self._member.value, dict):
            raise _Wrong(line, f"{_shown(name)} must be a JSON object")
        self._note_unknown(name)
        command, url = self._take("command", _text), self._take("url", _text)
        if (command is None) == (url is None):
            raise _Wrong(line, f"{_shown(name)} must have either a command or a url")
        self._check_type(is_program=command is not None)
        if command is not None:
            self._check_command(command)
        else:
            self._check_url(url or "")
        return ServerConfig(
            name=name,
            command=command,
            args=self._take("args", _texts) or (),
            env=self._take("env", _text_object) or {},
            cwd=self._take("cwd", _folder),
            url=url,
            headers=self._take("headers", _header_object) or {},
            # Programs write either; what says that it is off counts.
            disabled=self._take("disabled", _flag) is True or self._take("enabled", _flag) is False,
        )

    def _check_name(self, name: str, line: int) -> None:
        if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME or not name.isprintable():
            raise _Wrong(
                line,
                f"{_shown(name)} is no name for a server: it must have up to {LONGEST_NAME} "
                "characters and no /",
            )
        if name == BUILT_IN:
            raise _Wrong(line, f"{BUILT_IN} is the name of the program's own tools: choose another")

    def _check_type(self, *, is_program: bool) -> None:
        kind = self._take("type", _text)
        known = _STDIO if is_program else _HTTP
        if kind is not None and kind not in known:
            self._fail("type", f"is {quoted(kind)}; it must be {known[0]}")

    def _check_command(self, command: str) -> None:
        if "/" in command and not command.startswith(("/", "~/")):
            self._fail(
                "command", "must be a name or a whole path, as the current folder is never run"
            )

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            is_good = False
        if not is_good or not url.isprintable() or " " in url:
            self._fail("url", "must be an address such as https://example.com/mcp")

    def _take(self, key: str, read: Callable[[Any], Any]) -> Any:
        """The value of a key; None if it is missing or null."""
        member = self._keys.get(key)
        if member is None or member.value is None:
            return None
        try:
            return read(member.value)
        except ValueError as error:
            return self._fail(key, str(error))

    def _fail(self, key: str, problem: str) -> None:
        member = self._keys[key]
        raise _Wrong(member.line, f"{_shown(self._member.key)}.{key} {problem}")

    def _note_unknown(self, name: str) -> None:
        for key, member in self._keys.items():
            if key not in _KEYS:
                text = f"{_shown(name)}.{_shown(key)} has no effect here"
                self._notes.append(Fault(name, member.line, text))


# What says where a server is, and what it needs there.
_PLACE = ("command", "args", "env", "url", "headers")
_KEYS = frozenset((*_PLACE, "cwd", "type", "disabled", "enabled"))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("must be a non-empty string")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(_is_argument(one) for one in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _is_argument(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _text_object(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(map(_is_argument, value.values())):
        raise ValueError("must be an object of strings")
    if any(not key or "=" in key or "\0" in key for key in value):
        raise ValueError("has a key that cannot be the name of a variable")
    return value


def _header_object(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError("must be an object of strings")
    for key, text in value.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", key) or re.search(r"[\r\n\0]", text):
            raise ValueError(f"has a header that cannot be sent: {quoted(key)}")
    return value


def _folder(value: Any) -> str:
    folder = _text(value)
    if not folder.startswith(("/", "~/")):
        raise ValueError("must be the whole path of a folder")
    return folder


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _shown(name: str) -> str:
    """A name as it is if it can be read, else quoted."""
    return name if re.fullmatch(r"[\w.@ -]{1,64}", name) else quoted(name)
