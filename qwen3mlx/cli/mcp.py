"""`qwen3mlx mcp`: the MCP servers whose tools models may call."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import Qwen3MLXError, UsageError
from . import options
from .guard import guarded
from .terminal import Terminal

if TYPE_CHECKING:
    from ..tools.toolbox import Tool

Name = Annotated[str, typer.Argument(metavar="NAME", help="The server's name.")]
Choice = Annotated[
    Literal["ask", "always", "never"],
    typer.Argument(metavar="ask|always|never", help="When its tools may run."),
]
BuiltIn = Annotated[
    Literal["fetch_page", "files", "run_python"],
    typer.Argument(metavar="fetch_page|files|run_python", help="The built-in tool."),
]

app = typer.Typer(
    help="Add, test and remove MCP servers, whose tools models may call.\n\n"
    "They are in mcp.json in the program's folder, as in LM Studio, Cursor and Claude Desktop.",
    no_args_is_help=True,
)


@app.command(name="list")
@guarded
def list_servers(print_json: options.PrintJson = False) -> None:
    """List the servers, and what is wrong in mcp.json. None is started."""
    from ..tools.mcp_json import McpFile
    from .tables import print_json as write_json
    from .tables import print_table

    file, terminal = McpFile(), Terminal.standard()
    read = file.read()
    if print_json:
        faults = [fault._asdict() for fault in read.faults]
        servers = [_told(config) for config in read.servers.values()]
        write_json({"servers": servers, "faults": faults}, terminal)
        return
    rows = [(one.name, _state(one.disabled), one.place) for one in read.servers.values()]
    print_table(("NAME", "STATE", "SERVER"), rows, terminal)
    for fault in (*read.faults, *read.notes):
        terminal.note(f"{file.path} line {fault.line}: {fault.text}.")
    if not rows and not read.faults:
        terminal.note("There are no servers: `qwen3mlx mcp add NAME COMMAND ...` adds one.")


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@guarded
def add(
    name: Name,
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND|URL ...", help="The program with its arguments, or an address."
        ),
    ],
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A variable for the program; repeatable."),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A header for the address; repeatable."),
    ] = None,
) -> None:
    """Add a server. It is started when a model is offered its tools.

    Put options before NAME: what follows it is the command.
    """
    from ..tools.mcp_json import McpFile

    entry: dict[str, Any] = {"command": command[0], "args": command[1:]}
    if command[0].startswith(("http://", "https://")):
        if len(command) > 1:
            raise UsageError("An address takes no arguments.")
        entry = {"url": command[0]}
    entry |= _pairs("env", env) | _pairs("headers", header)
    file = McpFile()
    file.add(name, entry)
    note = f"Added {name} to {file.path}. `qwen3mlx mcp test {name}` starts it."
    Terminal.standard().note(note)


@app.command()
@guarded
def remove(name: Name) -> None:
    """Remove a server from mcp.json, and forget a sign-in that no other one uses."""
    from ..tools.host import Host

    with closing(Host()) as host:
        is_done = host.remove(name).result()
    if not is_done:
        raise UsageError(f"{host.file.path} has no server {name}.")
    Terminal.standard().note(f"Removed {name}.")


@app.command()
@guarded
def test(name: Name) -> None:
    """Start a server, and list its tools with their consent."""
    from ..tools.consent import Consents
    from .tables import print_table

    terminal = Terminal.standard()
    tools = _tools_of(name)
    choices = Consents().choices(tools)
    rows = [(tool.name, choices[tool], tool.fault or tool.description) for tool in tools]
    print_table(("TOOL", "CONSENT", "DESCRIPTION"), rows, terminal)


@app.command()
@guarded
def login(name: Name) -> None:
    """Sign in to a server at an address, in a browser."""
    from ..tools.host import Host

    terminal = Terminal.standard()
    with closing(Host()) as host:
        tools = host.sign_in(name, lambda address: _ask_to_open(terminal, address)).result()
    terminal.note(f"Signed in to {name}, which has {len(tools)} tools.")


@app.command()
@guarded
def logout(name: Name) -> None:
    """Forget the keys that signing in to a server has given."""
    from ..tools.host import Host

    with closing(Host()) as host:
        is_done = host.sign_out(name).result()
    note = f"Signed out of {name}." if is_done else f"Nobody was signed in to {name}."
    Terminal.standard().note(note)


@app.command()
@guarded
def consent(
    name: Name,
    choice: Choice,
    tool: Annotated[
        list[str] | None, typer.Argument(metavar="[TOOL ...]", help="Only these of its tools.")
    ] = None,
) -> None:
    """Say whether a server's tools ask, may always run, or never.

    A tool that changes asks again.
    """
    from ..tools.consent import Consents

    tools = {each.name: each for each in _tools_of(name)}
    wanted = tool or list(tools)
    for each in wanted:
        if each not in tools:
            raise UsageError(f"{name} has no tool {each}; it has {', '.join(tools) or 'none'}.")
    for each in wanted:
        Consents().save(tools[each], choice)
    Terminal.standard().note(f"{', '.join(wanted)}: {choice}.")


@app.command()
@guarded
def enable(
    tool: BuiltIn,
    folder: Annotated[
        list[str] | None, typer.Argument(metavar="[FOLDER ...]", help="What files may read.")
    ] = None,
) -> None:
    """Turn on a built-in tool that reaches further than this program."""
    from ..tools.builtin.turned_on import turn_on

    turn_on(tool, folder or [])
    Terminal.standard().note(f"{tool} is on. Before each call you are asked.")


@app.command()
@guarded
def disable(tool: BuiltIn) -> None:
    """Turn it off again."""
    from ..tools.builtin.turned_on import turn_off

    turn_off(tool)
    Terminal.standard().note(f"{tool} is off.")


@app.command(name="import")
@guarded
def import_from(
    source: Annotated[
        str,
        typer.Argument(
            metavar="lmstudio|claude|cursor|FILE", help="The program, or a file with servers."
        ),
    ],
) -> None:
    """Copy the servers of LM Studio, Claude Desktop or Cursor."""
    from ..tools.importing import import_servers

    terminal = Terminal.standard()
    imported = import_servers(source)
    for sentence in imported.left_out:
        terminal.note(f"Left out: {sentence}")
    terminal.note(f"Imported: {', '.join(imported.names) or 'nothing'}.")


def _ask_to_open(terminal: Terminal, address: str) -> None:
    terminal.note(f"Open this address in a browser of this computer to sign in:\n{address}")


def _tools_of(name: str) -> list[Tool]:
    """The tools of a server, which is started for it. Raises Qwen3MLXError if it fails."""
    from ..tools.host import Host

    with closing(Host()) as host:
        found = host.tools([name]).result()
    if found.faults:
        raise Qwen3MLXError(found.faults[0])
    for note in found.notes:
        Terminal.standard().note(note)
    return found.tools


def _pairs(key: str, given: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` options as the object that mcp.json has for them."""
    pairs = [each.partition("=") for each in given or ()]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise UsageError(f"{key} is given as NAME=VALUE.")
    return {key: {name: value for name, _, value in pairs}} if pairs else {}


def _state(disabled: bool) -> str:
    return "disabled" if disabled else "enabled"


def _told(config: Any) -> dict[str, Any]:
    """The server without its secrets."""
    return {
        "name": config.name,
        "command": config.command,
        "args": list(config.args),
        "url": config.url,
        "disabled": config.disabled,
    }
