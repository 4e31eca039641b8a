"""Tools as clients declare them -> the functions that the model is offered.

Qwen3 only knows functions. A custom tool becomes a function with one text parameter; a function in
a namespace has the namespace in its name; client-run tools become functions with the parameters of
their calls. Tools that only another company's servers can run are left out, with a warning header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request_warnings import warn
from ...bounds import MAX_NAME
from ...json_text import Json
from .client_run import CLIENT_RUN
from .lark_regex import lark_regex

# Type prefixes of tools that other companies' servers run.
_ELSEWHERE = (
    *("web_search", "web_fetch", "file_search", "code_interpreter", "code_execution"),
    *("image_generation", "computer", "mcp", "programmatic_tool_calling", "x_search"),
    "openrouter:",
)
# Fields of a function about who may call it and when, which do not belong in a prompt.
_UNPROMPTED = frozenset(
    ("type", "defer_loading", "allowed_callers", "output_schema", "async", "cache_control")
)


class ClientTool(NamedTuple):
    """A tool of type `kind`, and the `function` that represents it in the chat template.

    `name` and `namespace` are the client's; `where` is its path in the body.
    """

    function: Json
    name: str
    where: str = ""
    kind: str = "function"
    namespace: str | None = None
    is_deferred: bool = False  # only offered once the client's tool_search has found it

    @property
    def offered_name(self) -> str:
        """The name that the model sees."""
        name: str = self.function["function"]["name"]
        return name


def offered_name(name: str, namespace: str | None) -> str:
    """The function name that the model sees, also in calls of earlier turns."""
    return f"{namespace}.{name}" if namespace else name


def client_tools(
    tools: Sequence[Mapping[str, Any]] | None,
    loaded: Sequence[tuple[str, Mapping[str, Any]]] = (),
    *,
    run_here: Sequence[str] = (),
) -> list[ClientTool]:
    """The offered tools in order; of two with the same name, the later one.

    `loaded` tools were added by the conversation, each with its path in the body. Those of the
    types `run_here` are left to the caller. Accepts the nested form of chat completions and the
    flat form of Responses. Raises InvalidRequestError.
    """
    declared = [
        (f"tools[{index}]", tool)
        for index, tool in enumerate(tools or ())
        if tool.get("type") not in run_here
    ]
    offered = [tool for where, one in declared for tool in _read(one, where)]
    if any(tool.kind == "tool_search" for tool in offered):
        offered = [tool for tool in offered if not tool.is_deferred]
    offered += [tool for where, one in loaded for tool in _read(one, where)]
    return list({tool.offered_name: tool for tool in offered}.values())


def functions(tools: Iterable[ClientTool]) -> list[Json]:
    return [tool.function for tool in tools]


def tool_fields(tools: Sequence[ClientTool]) -> dict[str, str]:
    """The engine's paths -> those in the body: see `GenerationRequest.field_names`."""
    names: dict[str, str] = {}
    for index, tool in enumerate(tools):
        here = f"tools[{index}].function"
        names[here] = tool.where
        if tool.kind != "function":  # the client did not declare the parameters
            own = f"{tool.where}.format" if tool.kind == "custom" else tool.where
            names[f"{here}.parameters"] = own
    return names


def tools_from(tools: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The functions that represent the tools."""
    return functions(client_tools(tools))


def _read(tool: Mapping[str, Any], where: str) -> Iterator[ClientTool]:
    kind = tool.get("type", "function")
    if kind == "namespace":
        yield from _namespace(tool, where)
    elif kind in ("function", "custom"):
        yield _callable(tool, where)
    elif _is_run_elsewhere(tool):
        warn(f"{where} was left out: only other servers can run {kind}.")
    elif isinstance(kind, str) and kind in CLIENT_RUN:
        yield _client_run(tool, where)
    else:
        known = ", ".join(("function", "custom", "namespace", *CLIENT_RUN))
        raise InvalidRequestError(
            f"{where}.type is {quoted(kind)}; it must be one of {known}.",
            param=f"{where}.type",
        )


def _is_run_elsewhere(tool: Mapping[str, Any]) -> bool:
    kind = tool.get("type")
    if kind == "tool_search":
        return tool.get("execution") != "client"
    if kind == "shell":
        environment = tool.get("environment")
        return isinstance(environment, Mapping) and environment.get("type") != "local"
    return isinstance(kind, str) and kind.startswith(_ELSEWHERE)


def _namespace(tool: Mapping[str, Any], where: str) -> Iterator[ClientTool]:
    """The functions of a namespace; its description precedes that of the first."""
    name, members = tool.get("name"), tool.get("tools")
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(f"{where}.name must not be empty.", param=f"{where}.name")
    if not isinstance(members, list):
        raise InvalidRequestError(f"{where}.tools must be a list.", param=f"{where}.tools")
    about = tool.get("description")
    for index, member in enumerate(members):
        inner = f"{where}.tools[{index}]"
        if not isinstance(member, Mapping) or member.get("type") not in ("function", "custom"):
            field = f"{inner}.type" if isinstance(member, Mapping) else inner
            raise InvalidRequestError(f"{field} must be function or custom.", param=field)
        yield _callable(member, inner, name, about if index == 0 else None)


def _callable(
    tool: Mapping[str, Any], where: str, namespace: str | None = None, about: object = None
) -> ClientTool:
    """A function or a custom tool, nested under its type or flat."""
    kind = tool.get("type", "function")
    declared = tool.get(kind, tool)
    inner = f"{where}.{kind}" if kind in tool else where
    if not isinstance(declared, Mapping):
        raise InvalidRequestError(f"{inner} must be an object with a name.", param=inner)
    name = declared.get("name")
    field = f"{inner}.name"
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(f"{field} must be a non-empty string.", param=field)
    if len(name) > MAX_NAME:
        raise InvalidRequestError(f"{field} is longer than {MAX_NAME} characters.", param=field)
    read = _custom if kind == "custom" else _function
    function = {**read(declared, inner), "name": offered_name(name, namespace)}
    if isinstance(about, str) and about:
        function["description"] = "\n\n".join(filter(None, (about, function.get("description"))))
    return ClientTool(
        {"type": "function", "function": function},
        name,
        inner,
        kind,
        namespace,
        is_deferred=declared.get("defer_loading") is True,
    )


def _function(declared: Mapping[str, Any], where: str) -> Json:
    if not isinstance(declared.get("parameters", {}), Mapping | None):
        field = f"{where}.parameters"
        raise InvalidRequestError(f"{field} must be a JSON schema object.", param=field)
    return {
        key: value
        for key, value in declared.items()
        if value is not None and key not in _UNPROMPTED
    }


def _custom(declared: Mapping[str, Any], where: str) -> Json:
    """A function with the one parameter `input`, constrained if its grammar is a regex."""
    description = declared.get("description") or ""
    text: Json = {"type": "string"}
    grammar = _grammar(declared.get("format"), f"{where}.format")
    regex = None if grammar is None else grammar["definition"]
    if grammar is not None and grammar["syntax"] == "lark":
        regex = lark_regex(grammar["definition"])
        rule = f"The input follows this Lark grammar:\n{grammar['definition']}"
        description = f"{description}\n\n{rule}".lstrip()
        if regex is None:
            warn(f"{where}.format is described to the model but not enforced: it is not regular.")
    if regex is not None:
        text["pattern"] = f"^(?:{regex})$"
    parameters = {
        "type": "object",
        "properties": {"input": text},
        "required": ["input"],
        "additionalProperties": False,
    }
    return {"name": "", "description": description, "parameters": parameters}


def _grammar(given: object, where: str) -> Mapping[str, str] | None:
    """The grammar's `syntax` and `definition`; nested (chat completions) or flat (Responses)."""
    kind = given.get("type") if isinstance(given, Mapping) else None
    if given is None or kind == "text":
        return None
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"{where} must be an object.", param=where)
    if kind != "grammar":
        raise InvalidRequestError(
            f"{where}.type is {quoted(kind)}; it must be text or grammar.", param=f"{where}.type"
        )
    grammar = given.get("grammar", given)
    syntax = grammar.get("syntax") if isinstance(grammar, Mapping) else None
    if syntax not in ("lark", "regex"):
        raise InvalidRequestError(
            f"{where}.syntax is {quoted(syntax)}; it must be lark or regex.",
            param=f"{where}.syntax",
        )
    definition = grammar.get("definition")
    if not isinstance(definition, str) or not definition:
        raise InvalidRequestError(
            f"{where}.definition must be a grammar.", param=f"{where}.definition"
        )
    return {"syntax": syntax, "definition": definition}


def _client_run(tool: Mapping[str, Any], where: str) -> ClientTool:
    """A client that searches its own tools may describe the search itself."""
    kind = tool["type"]
    given = {key: tool[key] for key in ("description", "parameters") if tool.get(key)}
    function = {**CLIENT_RUN[kind], **(given if kind == "tool_search" else {})}
    return ClientTool({"type": "function", "function": function}, function["name"], where, kind)
