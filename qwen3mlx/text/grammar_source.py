"""What an answer must look like -> the text of a grammar for llguidance.

Its dialect of Lark: `%json` inlines a JSON schema, `<[151657]>` is a token by its id. Tool calls
have the form, the order and the spaces that Qwen3 is trained to write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qwen3mlx.errors import InvalidRequestError

from .json_schema import plain_schema
from .text_form import TextForm, form_rules

# One space, or a new line and its indentation: no model can go on with blanks for ever.
_SPACED = {"whitespace_pattern": r"( |\n {0,40})"}
_ONE_LINE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


@dataclass(frozen=True, slots=True)
class GrammarSource:
    """A grammar, and where it applies: to the whole answer, or, with `trigger_id`, to what follows
    that token; each time it comes (`repeats`), or once, and the answer ends there.

    `fields` names the request's field behind a rule of the grammar, for errors.
    """

    lark: str
    fields: Mapping[str, str]
    trigger_id: int | None = None
    repeats: bool = False


def answer_grammar(
    tools: Sequence[Mapping[str, Any]] = (),
    *,
    tool_choice: Literal["auto", "none", "required"] = "auto",
    tool_name: str | None = None,
    parallel: bool = True,
    json_schema: Mapping[str, Any] | None = None,
    form: TextForm | None = None,
    call_ids: tuple[int | None, int | None] = (None, None),
) -> GrammarSource | None:
    """The grammar of an answer; None where it is free.

    `tools` are OpenAI-shaped; `tool_name` asks for one call of that one. `call_ids` are the tokens
    `<tool_call>` and `</tool_call>`; where a vocabulary has none, they are plain text. One of
    `json_schema` and `form` at most. Raises `InvalidRequestError` for schemas that cannot be
    followed (see `plain_schema`), and for a form that is none.
    """
    answer = None if json_schema is None else json_grammar(json_schema)
    if form is not None:
        answer = GrammarSource(f"start: answer\n{form_rules(form)}", {"answer": form.param})
    if not tools or tool_choice == "none":
        return answer
    calls = _Calls(tools, tool_name, call_ids)
    if tool_name is not None:
        return calls.source("start: call")
    some = 'call ("\\n" call)*' if parallel else "call"
    if tool_choice == "required":
        return calls.source(f"start: {some}")
    if answer is not None:
        rules = f"start: answer | {some}\n" + answer.lark.partition("\n")[2]
        return calls.source(rules, answer.fields)
    return calls.on_demand(parallel=parallel)


def json_grammar(schema: Mapping[str, Any], *, param: str = "response_format") -> GrammarSource:
    """An answer that is one JSON value. Keywords that cannot be enforced are an error later."""
    text = _json_text(plain_schema(schema, param=param), _SPACED)
    return GrammarSource(f"start: answer\nanswer: %json {text}", {"answer": param})


class _Calls:
    """Rules `call`, `body` (what follows `<tool_call>`) and one for each tool."""

    def __init__(
        self,
        tools: Sequence[Mapping[str, Any]],
        only: str | None,
        call_ids: tuple[int | None, int | None],
    ) -> None:
        self._open_id, close_id = call_ids
        self._open = _marker("<tool_call>", self._open_id)
        self._fields: dict[str, str] = {}
        rules = []
        for index, tool in enumerate(tools):
            field = f"tools[{index}].function"
            function = _function(tool, field)
            if only is None or function["name"] == only:
                rules.append(f"tool_{index}: {_tool(function, field)}")
                self._fields[f"tool_{index}"] = f"{field}.parameters"
        body = f'"\\n" ({" | ".join(self._fields)}) "}}\\n" {_marker("</tool_call>", close_id)}'
        self._rules = "\n".join([f"body: {body}", *rules])

    def source(self, start: str, fields: Mapping[str, str] | None = None) -> GrammarSource:
        """`start` makes use of `call`, which is a call with its markers."""
        lark = f"{start}\ncall: {self._open} body\n{self._rules}"
        return GrammarSource(lark, {**self._fields, **(fields or {})})

    def on_demand(self, *, parallel: bool) -> GrammarSource:
        """Free text, and calls where the model begins one."""
        if self._open_id is not None:
            return GrammarSource(
                f"start: body\n{self._rules}", self._fields, self._open_id, repeats=parallel
            )
        start = "call* TEXT" if parallel else "TEXT | call"
        lark = f"start: {start}\ncall: head body\nhead[lazy]: TEXT {self._open}\n{self._rules}"
        return GrammarSource(lark + "\nTEXT: /(.|\\n)*/", self._fields)


def _marker(text: str, token_id: int | None) -> str:
    return json.dumps(text) if token_id is None else f"<[{token_id}]>"


def _function(tool: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    function = tool.get("function", tool)
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise InvalidRequestError(f"{field} has no name.", param=f"{field}.name")
    return function


def _tool(function: Mapping[str, Any], field: str) -> str:
    """`{"name": ..., "arguments": ...`, but for the last brace.

    A schema that is not strict may have keywords that nothing enforces.
    """
    name = json.dumps(function["name"], ensure_ascii=False)
    parameters = function.get("parameters")
    schema = plain_schema({} if parameters is None else parameters, param=f"{field}.parameters")
    kind = schema.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        raise InvalidRequestError(
            f"{field}.parameters has the type {kind!r}; arguments are an object.",
            param=f"{field}.parameters",
        )
    schema["type"] = "object"
    style = {**_ONE_LINE, "lenient": function.get("strict") is not True}
    head = json.dumps(f'{{"name": {name}, "arguments": ')
    return f"{head} %json {_json_text(schema, style)}"


def _json_text(schema: dict[str, Any], style: Mapping[str, Any]) -> str:
    return json.dumps({**schema, "x-guidance": style})
