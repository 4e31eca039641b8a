"""Tools that the model may call, and the MCP servers that have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Consent = Literal["ask", "always", "never"]
# The name of the tools that come with the program, beside those of servers.
BUILT_IN = "builtin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolServer:
    """A program (`command` with `args`), or an address (`url`). `num_tools` is None if unknown.

    A `note` says what of it cannot be used. `variables` are the names of those of a program, or of
    the headers for an address; their values are not told.
    """

    name: str
    command: str | None = None
    args: tuple[str, ...] = ()
    url: str | None = None
    variables: tuple[str, ...] = ()
    disabled: bool = False
    state: Literal["stopped", "starting", "running", "failed"] = "stopped"
    error: str | None = None
    note: str | None = None
    wants_sign_in: bool = False
    is_signed_in: bool = False
    num_tools: int | None = None

    @property
    def place(self) -> str:
        """The command line, or the address."""
        return self.url or " ".join([self.command or "", *self.args])


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFault:
    """What is wrong in the file of servers."""

    name: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolServers:
    """The file's path, its servers, and what is wrong in it."""

    path: str
    servers: tuple[ToolServer, ...]
    faults: tuple[ToolFault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInTools:
    """Which of the program's own tools are on; `folders` are those whose files may be read."""

    fetch_page: bool
    run_python: bool
    folders: tuple[str, ...]
    sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """`description` and `schema` are its author's. A `fault` says why it cannot be offered."""

    name: str
    description: str
    schema: Mapping[str, Any]
    consent: Consent
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """How a call ended: `status` is the server's, such as `ok` and `error`."""

    status: str
    text: str
    seconds: float
