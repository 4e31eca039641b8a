"""A checkpoint's chat template: messages and tools -> the prompt, rendered as Hugging Face does.

Jinja in a sandbox, with the filter, globals and tags that templates on the hub rely on. Import this
module only when something is rendered: jinja2 costs start-up time.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qwen3mlx.errors import InvalidRequestError, TemplateError

from .arguments import Arguments
from .control_tokens import NONCHARACTERS
from .template_source import TemplateSource

_TO_ESCAPE = re.compile(f"[^\\0-\\x7f{''.join(NONCHARACTERS)}]")
_TEMPLATE_FILE = "<template>"  # what jinja2 calls a template made from a string, in tracebacks


class ChatTemplate:
    """One compiled template; `reads_reasoning` says whether it takes thoughts beside the content.

    `TemplateError` names its file and line when it does not compile.
    """

    def __init__(self, source: TemplateSource) -> None:
        self._name = source.name
        # Others look for thoughts in the content themselves.
        self.reads_reasoning = "reasoning_content" in source.text
        try:
            self._template = _environment().from_string(source.text)
        except jinja2.TemplateSyntaxError as error:
            raise self._error(error.lineno, error) from None
        # Too deep for jinja2's parser or for Python's compiler: a RecursionError or SyntaxError.
        except Exception as error:
            raise self._error(None, error) from None

    def render(self, **context: Any) -> str:
        """The prompt. `InvalidRequestError` when the template itself refuses the messages."""
        try:
            return self._template.render(**context)
        except InvalidRequestError:
            raise
        # A template is a program: it can fail with any exception, and all of them are its fault.
        except Exception as error:
            raise self._error(_line(error.__traceback__), error) from None

    def _error(self, line: int | None, error: Exception) -> TemplateError:
        where = self._name if line is None else f"{self._name} line {line}"
        reason = " ".join(str(error).split()) or type(error).__name__
        return TemplateError(f"{where}: the chat template fails ({reason}).")


class _Generation(Extension):
    """`{% generation %}` marks the assistant's tokens for training; here it only wraps its body."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 declares it so)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_Generation, "jinja2.ext.loopcontrols"],
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Plain JSON: jinja2's own filter escapes HTML, which models have never seen."""
    if isinstance(value, Arguments) and indent is None and separators is None:
        return value.text
    text = json.dumps(
        value, ensure_ascii=False, indent=indent, separators=separators, sort_keys=sort_keys
    )
    # Noncharacters stay: one of them may be the mark in a control token.
    return _TO_ESCAPE.sub(_escaped, text) if ensure_ascii else text


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def _raise_exception(message: object) -> NoReturn:
    raise InvalidRequestError(f"The chat template refuses: {message}", param="messages")


def _strftime_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _line(trace: TracebackType | None) -> int | None:
    """The innermost line inside the template: jinja2 rewrites tracebacks to template lines."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _TEMPLATE_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
