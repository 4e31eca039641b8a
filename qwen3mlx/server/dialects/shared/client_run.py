"""Tools that OpenAI defines and the client runs, as functions.

https://platform.openai.com/docs/guides/tools
"""

from __future__ import annotations

from collections.abc import Mapping

from ...json_text import Json

_LIMIT = {"type": "integer", "description": "Milliseconds after which it is stopped."}


def _function(name: str, description: str, required: list[str], **properties: Json) -> Json:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "parameters": parameters}


# Type of the tool -> its function.
CLIENT_RUN: Mapping[str, Json] = {
    "local_shell": _function(
        "local_shell",
        "Runs a program on the user's computer and returns what it prints.",
        ["command"],
        command={
            "type": "array",
            "items": {"type": "string"},
            "description": 'The program and its arguments, such as ["ls", "-l"].',
        },
        working_directory={"type": "string", "description": "The folder in which it runs."},
        timeout_ms=_LIMIT,
    ),
    "shell": _function(
        "shell",
        "Runs shell commands, one after the other, and returns what they print.",
        ["commands"],
        commands={"type": "array", "items": {"type": "string"}},
        timeout_ms=_LIMIT,
        max_output_length={"type": "integer", "description": "Characters of output to return."},
    ),
    "apply_patch": _function(
        "apply_patch",
        "Creates, updates or deletes one file.",
        ["type", "path"],
        type={"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
        path={"type": "string", "description": "Relative to the workspace."},
        diff={
            "type": "string",
            "description": "For create_file every line of the file behind a +. For update_file the "
            "lines that change behind + and -, lines around them behind a space, each group below "
            "a line @@. Left out for delete_file.",
        },
    ),
    "tool_search": _function(
        "tool_search",
        "Finds more tools by what they do; those that are found can be called from then on.",
        ["query"],
        query={"type": "string", "description": "What a tool is needed for."},
    ),
}
