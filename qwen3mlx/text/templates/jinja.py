"""Jinja as Hugging Face runs it: a sandbox, with the filter, globals and tags that templates on the
hub rely on. Import this module only when something is rendered: jinja2 costs start-up time.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.quoting import printable, shortened

from ..arguments import Arguments
from ..control_tokens import NONCHARACTERS
from .fault import TemplateFault

_TO_ESCAPE = re.compile(f"[^\\0-\\x7f{''.join(NONCHARACTERS)}]")
_TEMPLATE_FILE = "<template>"  # jinja2's name for a template made from a string, in tracebacks


class JinjaTemplate:
    """A compiled template. Raises TemplateFault if it does not compile.

    It runs in this process and can use up all its time and memory: see `chat_template`.
    """

    def __init__(self, text: str) -> None:
        try:
            self._template = _compiled(text)
        except MemoryError:
            raise
        except jinja2.TemplateSyntaxError as error:
            raise _fault(error, error.lineno) from None
        # Too deep for jinja2's parser (RecursionError) or Python's compiler (SyntaxError).
        except Exception as error:
            raise _fault(error, None) from None

    def render(self, context: Mapping[str, Any], *, most: float = math.inf) -> str:
        """Return the rendered text, limited to the given number of characters. Raises
        TemplateFault.

        Raises InvalidRequestError if the template itself rejects the messages.
        """
        try:
            return "".join(_up_to(most, self._template.generate(context)))
        except (InvalidRequestError, MemoryError, TemplateFault):
            raise
        # A template is a program: it can raise any exception, and each is the template's fault.
        except Exception as error:
            raise _fault(error, _line(error.__traceback__)) from None


def _up_to(most: float, pieces: Iterable[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise TemplateFault(f"it writes more than {most:,.0f} characters")
        yield piece


class _Generation(Extension):
    """`{% generation %}` marks the assistant's tokens for training; here it only wraps its body."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 declares it so)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


@lru_cache(maxsize=4)
def _compiled(text: str) -> jinja2.Template:
    """Loading a model checks its template, and the first request needs it again."""
    return _environment().from_string(text)


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
    """Serialize to plain JSON: jinja2's own filter escapes HTML, which models have never seen."""
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
    said = shortened(printable(str(message)))
    raise InvalidRequestError(f"The chat template rejects the messages: {said}", param="messages")


def _strftime_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _fault(error: Exception, line: int | None) -> TemplateFault:
    said = " ".join(str(error).split()) or type(error).__name__
    return TemplateFault(shortened(printable(said)), line)


def _line(trace: TracebackType | None) -> int | None:
    """Return the innermost line inside the template: jinja2 maps tracebacks to template lines."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _TEMPLATE_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
