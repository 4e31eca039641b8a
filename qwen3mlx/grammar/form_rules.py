"""Constraints other than JSON schemas -> rules of llguidance's Lark."""

from __future__ import annotations

import json
import re

from qwen3mlx.errors import InvalidRequestError

from ..text.text_form import TextForm
from .gbnf import gbnf_to_lark

# Terminals that refer to each other are compiled recursively; 20,000 of them overflow the stack.
_MAX_LINES = 2000
_GBNF_RULE = re.compile(r"^[ \t]*[\w-]+[ \t]*::=", re.M)


def form_rules(form: TextForm) -> str:
    """Return Lark that defines the rule `answer`, for all kinds but `json`. Raises
    InvalidRequestError.
    """
    rules = _rules(form)
    if re.search("[\ud800-\udfff]", rules):
        raise InvalidRequestError(
            f"{form.param} contains a lone surrogate (half of a character).", param=form.param
        )
    return rules


def _rules(form: TextForm) -> str:
    if form.kind == "choice":
        return f"answer: CHOICE\nCHOICE: {_choices(form)}"
    source = form.source
    if not isinstance(source, str) or not source.strip():
        raise InvalidRequestError(f"{form.param} must be a non-empty string.", param=form.param)
    if form.kind == "regex":
        return f"answer: /{_delimited(source, form.param)}/"
    return f"answer: %lark {{\n{_indented(source, form.param)}\n}}"


def _choices(form: TextForm) -> str:
    texts = form.source
    if not isinstance(texts, tuple) or not texts:
        raise InvalidRequestError(f"{form.param} must list at least one text.", param=form.param)
    return " | ".join(json.dumps(text, ensure_ascii=False) for text in texts)


def _delimited(pattern: str, param: str) -> str:
    """Return `pattern` on one line, between slashes that end it."""
    if "\n" in pattern and re.search(r"\(\?[a-zA-Z]*x", pattern):
        raise InvalidRequestError(
            f"{param} has the flag x over several lines: write it on one line, without blanks.",
            param=param,
        )
    escapes = {"/": r"\/", "\n": r"\n", "\r": r"\r"}
    return re.sub(r"\\.|[/\n\r]", lambda m: escapes.get(m[0], m[0]), pattern)


def _indented(grammar: str, param: str) -> str:
    """Indent the lines with a blank, so that none looks like a rule around it."""
    lark = gbnf_to_lark(grammar, param=param) if _GBNF_RULE.search(grammar) else grammar
    lines = lark.splitlines()
    if len(lines) > _MAX_LINES:
        raise InvalidRequestError(
            f"{param} has {len(lines)} lines; the limit is {_MAX_LINES}.", param=param
        )
    return "\n".join(f" {line}" for line in lines)
