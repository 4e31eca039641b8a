"""Tools as clients declare them -> functions that a model is offered, and what each stands for.

Qwen3 knows functions only. A custom tool is a function of one text; a function in a namespace has
the namespace in its name; tools that the client carries out itself are functions with the
parameters of their calls. Tools that only another company's servers carry out are left out, which
is said in a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request_warnings import warn
from ...bounds import MAX_NAME
from ...json_text import Json
from .client_run import CLIENT_RUN
from .lark_regex import lark_regex

# How the types of tools begin that other companies' servers carry out.
_ELSEWHERE = (
    *("web_search", "web_fetch", "file_search", "code_interpreter", "code_execution"),
    *("image_generation", "computer", "mcp", "programmatic_tool_calling", "x_search"),
    "openrouter:",
)
# What of a function concerns who calls it and when: a prompt has no use for it.
_UNPROMPTED = frozenset(
    ("type", "defer_loading", "allowed_callers", "output_schema", "async", "cache_control")
)


@dataclass(frozen=True, slots=True)
class ClientTool:
    """`function`, in the nested form that templates read, stands for a tool of type `kind`.

    `name` and `namespace` are what the client calls it; `where` in its body it is declared.
    """

    function: Json
    name: str
    where: str = ""
    kind: str = "function"
    namespace: str | None = None
    is_deferred: bool = False  # to be found with the client's tool_search first

    @property
    def offered_name(self) -> str:
        """What the model calls it."""
        name: str = self.function["function"]["name"]
        return name


def offered_name(name: str, namespace: str | None) -> str:
    """The name of a function for the model, also in calls of earlier turns."""
    return f"{namespace}.{name}" if namespace else name


def client_tools(
    tools: Sequence[Mapping[str, Any]] | None,
    loaded: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> list[ClientTool]:
    """What is offered, in its order; the later of two with one name.

    `loaded` were added by the conversation, each with its place in the body. Takes the nested form
    of chat completions and the flat one of Responses. InvalidRequestError says what is wrong.
    """
    declared = [(f"tools[{index}]", tool) for index, tool in enumerate(tools or ())]
    offered = [tool for where, one in declared for tool in _read(one, where)]
    if any(tool.kind == "tool_search" for tool in offered):
        offered = [tool for tool in offered if not tool.is_deferred]
    offered += [tool for where, one in loaded for tool in _read(one, where)]
    return list({tool.offered_name: tool for tool in offered}.values())


def functions(tools: Iterable[ClientTool]) -> list[Json]:
    return [tool.function for tool in tools]


def tool_fields(tools: Sequence[ClientTool]) -> dict[str, str]:
    """Their places in the body, for the paths that the engine has: see `GenerationRequest`."""
    names: dict[str, str] = {}
    for index, tool in enumerate(tools):
        here = f"tools[{index}].function"
        names[here] = tool.where
        if tool.kind != "function":  # its parameters are ours
            own = f"{tool.where}.format" if tool.kind == "custom" else tool.where
            names[f"{here}.parameters"] = own
    return names


def tools_from(tools: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The functions that stand for them."""
    return functions(client_tools(tools))


def _read(tool: Mapping[str, Any], where: str) -> Iterator[ClientTool]:
    kind = tool.get("type", "function")
    if kind == "namespace":
        yield from _namespace(tool, where)
    elif kind in ("function", "custom"):
        yield _callable(tool, where)
    elif _is_run_elsewhere(tool):
        warn(f"{where} is left out: {kind} is carried out by other servers only.")
    elif isinstance(kind, str) and kind in CLIENT_RUN:
        yield _client_run(tool, where)
    else:
        known = ", ".join(("function", "custom", "namespace", *CLIENT_RUN))
        raise InvalidRequestError(
            f"{where}.type is {quoted(kind)}; tools that can be called are {known}.",
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
    """Its description stands before that of its first function."""
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
        raise InvalidRequestError(f"{field} must be a string that is not empty.", param=field)
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
        raise InvalidRequestError(f"{field} must be a JSON schema (an object).", param=field)
    return {
        key: value
        for key, value in declared.items()
        if value is not None and key not in _UNPROMPTED
    }


def _custom(declared: Mapping[str, Any], where: str) -> Json:
    """A function of one text, `input`, which a grammar binds where it is no more than a regex."""
    description = declared.get("description") or ""
    text: Json = {"type": "string"}
    grammar = _grammar(declared.get("format"), f"{where}.format")
    regex = None if grammar is None else grammar["definition"]
    if grammar is not None and grammar["syntax"] == "lark":
        regex = lark_regex(grammar["definition"])
        rule = f"The input follows this Lark grammar:\n{grammar['definition']}"
        description = f"{description}\n\n{rule}".lstrip()
        if regex is None:
            warn(f"{where}.format is told to the model and not enforced: no regex can say it.")
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
    """Its `syntax` and `definition`, nested (chat completions) or flat (Responses)."""
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
    """A client that searches its own tools may say how."""
    kind = tool["type"]
    given = {key: tool[key] for key in ("description", "parameters") if tool.get(key)}
    function = {**CLIENT_RUN[kind], **(given if kind == "tool_search" else {})}
    return ClientTool({"type": "function", "function": function}, function["name"], where, kind)
