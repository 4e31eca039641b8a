"""An answer's constraints -> the text of a grammar for llguidance.

In its dialect of Lark, `%json` inlines a JSON schema, and `<[151657]>` is a token by id. Tool calls
have the form, order and spaces that the model is trained to write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from qwen3mlx.errors import InvalidRequestError

from ..quoting import quoted
from ..text.call_format import CallFormat
from ..text.text_form import TextForm
from .form_rules import form_rules
from .schema.plain import PlainSchema, plain_schema
from .schema.probe import is_schema
from .xml_rules import xml_rules

# One space, or a new line and its indentation, so that no model can write blanks forever.
_SPACED = {"whitespace_pattern": r"( |\n {0,40})"}
_ONE_LINE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


@dataclass(frozen=True, slots=True)
class GrammarSource:
    """A grammar and its scope: the whole answer or, with `trigger_id`, what follows that token,
    either each time it occurs (`repeats`) or once, after which the answer ends.

    `fields` maps rules of the grammar to fields of the request, for errors. `warnings` say which
    parts of a schema are not enforced. `answer` and `calls` (by function name) are schemas that the
    grammar enforces only in part: a finished value must be checked against them.
    """

    lark: str
    fields: Mapping[str, str]
    trigger_id: int | None = None
    repeats: bool = False
    warnings: Sequence[str] = ()
    answer: Mapping[str, Any] | None = None
    calls: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def answer_grammar(
    tools: Sequence[Mapping[str, Any]] = (),
    *,
    tool_choice: Literal["auto", "none", "required"] = "auto",
    tool_name: str | None = None,
    parallel: bool = True,
    json_schema: Mapping[str, Any] | None = None,
    strict: bool = False,
    form: TextForm | None = None,
    call_format: CallFormat = "json",
    call_ids: tuple[int | None, int | None] = (None, None),
    on_field: Callable[[str], None] = lambda _: None,
) -> GrammarSource | None:
    """Return the grammar of an answer, or None if it is unconstrained.

    `tools` are OpenAI-shaped; `tool_name` requires one call of that tool. `call_ids` are the tokens
    `<tool_call>` and `</tool_call>`; a vocabulary without them writes them as plain text. At most
    one of `json_schema` and `form` may be given. `on_field` is called with each field before it is
    read, which may take long. Raises InvalidRequestError for invalid forms and schemas (see
    `plain_schema`), and for schemas with a part that cannot be enforced if they are `strict` or
    belong to a required call.
    """
    answer = None
    if json_schema is not None:
        on_field("response_format")
        answer = json_grammar(json_schema, strict=strict)
    if form is not None:
        on_field(form.param)
        answer = _form_grammar(form)
    if not tools or tool_choice == "none":
        return answer
    forced = tool_choice == "required" or tool_name is not None
    calls = _Calls(tools, tool_name, call_format, call_ids, on_field, forced=forced)
    if tool_name is not None:
        return calls.source("start: call")
    some = 'call ("\\n" call)*' if parallel else "call"
    if tool_choice == "required":
        return calls.source(f"start: {some}")
    if answer is not None:
        rules = f"start: answer | {some}\n" + answer.lark.partition("\n")[2]
        return calls.source(rules, answer)
    return calls.on_demand(parallel=parallel)


def _form_grammar(form: TextForm) -> GrammarSource:
    if form.kind == "json" and isinstance(form.source, Mapping):
        return json_grammar(form.source, param=form.param)
    return GrammarSource(f"start: answer\n{form_rules(form)}", {"answer": form.param})


def json_grammar(
    schema: Mapping[str, Any], *, param: str = "response_format", strict: bool = False
) -> GrammarSource:
    """Return the grammar of an answer that is one JSON value."""
    plain = plain_schema(schema, param=param)
    lost = {**plain.impossible, **plain.lost} if strict else plain.impossible
    if lost:
        raise _unenforced(param, lost)
    lark = f"start: answer\nanswer: %json {_json_text(plain, _SPACED)}"
    warnings = _warnings(param, plain.lost)
    return GrammarSource(lark, {"answer": param}, warnings=warnings, answer=plain.check)


def _unenforced(param: str, parts: Mapping[str, str]) -> InvalidRequestError:
    part, reason = next(iter(parts.items()))
    what = f"{_shown(part)}: {_shown(reason)}"
    return InvalidRequestError(f"{param} cannot be enforced: {what}.", param=param)


def _warnings(param: str, parts: Mapping[str, str]) -> list[str]:
    return [f"{param}: {_shown(part)} is not enforced." for part in parts]


def _shown(text: str) -> str:
    """Return the path on one line, with only its end if it is long: names are the caller's."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return line if len(line) <= 200 else f"{line[:60]}...{line[-140:]}"


class _Calls:
    """The rules `call`, `body` (what follows `<tool_call>`), and one per tool."""

    def __init__(
        self,
        tools: Sequence[Mapping[str, Any]],
        only: str | None,
        call_format: CallFormat,
        call_ids: tuple[int | None, int | None],
        on_field: Callable[[str], None],
        *,
        forced: bool,
    ) -> None:
        self._warnings: list[str] = []
        self._checks: dict[str, Mapping[str, Any]] = {}
        self._forced = forced
        self._format = call_format
        self._open_id, self._close_id = call_ids
        self._open = _marker("<tool_call>", self._open_id)
        self._fields: dict[str, str] = {}
        rules = []
        for index, tool in enumerate(tools):
            field = f"tools[{index}].function"
            function = _function(tool, field)
            if only is None or function["name"] == only:
                on_field(f"{field}.parameters")
                rules += self._tool(f"tool_{index}", function, field)
                self._fields[f"tool_{index}"] = f"{field}.parameters"
        close = _marker("</tool_call>", self._close_id)
        body = f'"\\n" ({" | ".join(self._fields)}) {close}'
        self._rules = "\n".join([f"body: {body}", *rules])

    def source(self, start: str, answer: GrammarSource | None = None) -> GrammarSource:
        """Combine the rules; `start` uses `call`, a call with its markers, and the rules of
        `answer`.
        """
        lark = f"{start}\ncall: {self._open} body\n{self._rules}"
        if answer is None:
            return self._source(lark)
        fields = {**self._fields, **answer.fields}
        warnings = [*answer.warnings, *self._warnings]
        return GrammarSource(
            lark, fields, warnings=warnings, answer=answer.answer, calls=self._checks
        )

    def on_demand(self, *, parallel: bool) -> GrammarSource:
        """Return a grammar of free text, with calls wherever the model begins one."""
        if self._open_id is not None:
            return self._source(f"start: body\n{self._rules}", self._open_id, repeats=parallel)
        start = "call* TEXT" if parallel else "TEXT | call"
        lark = f"start: {start}\ncall: head body\nhead[lazy]: TEXT {self._open}\n{self._rules}"
        return self._source(lark + "\nTEXT: /(.|\\n)*/")

    def _source(
        self, lark: str, trigger_id: int | None = None, *, repeats: bool = False
    ) -> GrammarSource:
        return GrammarSource(
            lark, self._fields, trigger_id, repeats, self._warnings, calls=self._checks
        )

    def _tool(self, rule: str, function: Mapping[str, Any], field: str) -> list[str]:
        """Return the rule of a call, without its markers, and those that it uses."""
        param = f"{field}.parameters"
        parameters = function.get("parameters")
        plain = plain_schema({} if parameters is None else parameters, param=param)
        kind = plain.grammar.get("type", "object")
        if kind != "object" and not (isinstance(kind, list) and "object" in kind):
            raise InvalidRequestError(
                f"{param} has the type {quoted(kind)}; arguments must be an object.", param=param
            )
        plain = plain._replace(grammar={**plain.grammar, "type": "object"})
        if self._forced or function.get("strict") is True:
            self._bind(function["name"], plain, param)
            if self._format == "xml" and parameters and is_schema(dict(parameters)):
                # Its rules hold less of a schema: a text is not a JSON string.
                self._checks.setdefault(function["name"], parameters)
        else:
            unheld = {**plain.unheld, **plain.lost, **plain.impossible}
            self._warnings += _warnings(param, unheld)
        if self._format == "xml":
            return self._xml(rule, function["name"], plain, param)
        if not function["name"].isprintable():  # read as no call: see text.call_envelope
            raise _unwritable(f"{field}.name", function["name"], "use printable characters")
        head = json.dumps(
            f'{{"name": {json.dumps(function["name"], ensure_ascii=False)}, "arguments": '
        )
        return [f'{rule}: {head} %json {_json_text(plain, _ONE_LINE)} "}}\\n"']

    def _xml(self, rule: str, name: str, plain: PlainSchema, param: str) -> list[str]:
        is_token = self._close_id is not None
        try:
            return xml_rules(rule, name, plain.grammar, _ONE_LINE, ends_with_marker=is_token)
        except ValueError as error:
            hint = "use printable characters without >"
            raise _unwritable(param, error.args[0], hint) from None

    def _bind(self, name: str, plain: PlainSchema, param: str) -> None:
        """Require that all of the schema is enforced, by the grammar or by a check of the finished
        call.
        """
        lost = {**plain.impossible, **plain.lost}
        if self._open_id is None:
            lost |= plain.unheld  # nothing marks where a call begins
        if lost:
            raise _unenforced(param, lost)
        if plain.check is not None:
            self._checks[name] = plain.check


def _marker(text: str, token_id: int | None) -> str:
    return json.dumps(text) if token_id is None else f"<[{token_id}]>"


def _unwritable(param: str, name: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{param}: this model cannot write a call with the name {quoted(name)}: {hint}.",
        param=param,
    )


def _function(tool: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    function = tool.get("function", tool)
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise InvalidRequestError(f"{field} has no name.", param=f"{field}.name")
    return function


def _json_text(plain: PlainSchema, style: Mapping[str, Any]) -> str:
    return json.dumps({**plain.grammar, "x-guidance": style})
