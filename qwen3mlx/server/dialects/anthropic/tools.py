"""Anthropic's tools -> functions.

Tools that Anthropic defines and the client runs (bash, text editor, memory) have no schema in the
request: they become functions with the parameters that Anthropic documents. Tools that only
Anthropic's servers can run are left out, with a warning header.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request_warnings import warn
from ...json_text import Json
from .schemas import Tool

# Type prefixes of tools that Anthropic's servers run, or that need vision.
_ELSEWHERE = (
    *("web_search_", "web_fetch_", "code_execution_", "computer_", "tool_search_tool_"),
    *("mcp_toolset", "advisor_"),
)
_TEXT: Json = {"type": "string"}
_LINE: Json = {"type": "integer", "description": "Counted from 1."}


def _schema(required: list[str], **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": required}


_BASH = _schema(
    [],
    command={"type": "string", "description": "What to run."},
    restart={"type": "boolean", "description": "Begin a new shell in place of running something."},
)
_EDITOR = _schema(
    ["command", "path"],
    command={"type": "string", "enum": ["view", "create", "str_replace", "insert", "undo_edit"]},
    path={"type": "string", "description": "The file, or for view a folder."},
    view_range={"type": "array", "items": _LINE, "description": "First and last line to view."},
    file_text={"type": "string", "description": "For create: all of the file."},
    old_str={"type": "string", "description": "For str_replace: what stands there once."},
    new_str={"type": "string", "description": "For str_replace: what comes in its place."},
    insert_line={"type": "integer", "description": "For insert: behind which line; 0: first."},
    insert_text={"type": "string", "description": "For insert."},
)
_MEMORY = _schema(
    ["command"],
    command={
        "type": "string",
        "enum": ["view", "create", "str_replace", "insert", "delete", "rename"],
    },
    path={"type": "string", "description": "A file or folder under /memories."},
    view_range={"type": "array", "items": _LINE},
    file_text=_TEXT,
    old_str=_TEXT,
    new_str=_TEXT,
    insert_line={"type": "integer"},
    insert_text=_TEXT,
    old_path=_TEXT,
    new_path=_TEXT,
)
# Type prefix -> description and parameters.
_CLIENT_RUN: Mapping[str, tuple[str, Json]] = {
    "bash_": ("Runs a command in a shell that keeps its state, and returns what it prints.", _BASH),
    "text_editor_": ("Views, creates and edits text files.", _EDITOR),
    "memory_": ("Reads and writes files that are kept between conversations.", _MEMORY),
}


def function_tool(tool: Tool, where: str) -> Json | None:
    """The tool in OpenAI's format; None if it is left out. Raises InvalidRequestError."""
    if tool.type is not None and tool.type.startswith(_ELSEWHERE):
        warn(f"{where} was left out: only other servers can run {tool.type}.")
        return None
    if not tool.name:
        raise InvalidRequestError(f"{where}.name must not be empty.", param=f"{where}.name")
    description, parameters = _described(tool, where)
    function = {
        "name": tool.name,
        "description": description,
        "parameters": parameters,
        "strict": tool.strict,
    }
    given = {name: value for name, value in function.items() if value is not None}
    return {"type": "function", "function": given}


def _described(tool: Tool, where: str) -> tuple[str | None, Json]:
    if tool.type in (None, "custom"):
        if tool.input_schema is None:
            field = f"{where}.input_schema"
            raise InvalidRequestError(f"{field} is missing; send a JSON schema.", param=field)
        return tool.description, tool.input_schema
    for beginning, described in _CLIENT_RUN.items():
        if tool.type is not None and tool.type.startswith(beginning):
            return described
    raise InvalidRequestError(
        f"{where}.type is {quoted(tool.type)}; send custom tools (name and input_schema), or "
        "Anthropic's bash, text_editor and memory.",
        param=f"{where}.type",
    )
