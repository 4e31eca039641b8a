"""Constraints on an answer that come from neither tool calls nor `response_format`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple


class TextForm(NamedTuple):
    """A constraint on the whole answer; `param` is the request field that sets it, for errors.

    `choice`: one of the texts in `source`. `regex`: a full match of a regular expression
    (https://docs.rs/regex, without look-around). `grammar`: a text derived from a grammar, in
    llguidance's Lark or in llama.cpp's GBNF (recognized by its `::=`). `json`: a value that matches
    a JSON schema from a field other than `response_format`.
    """

    kind: Literal["choice", "regex", "grammar", "json"]
    source: str | tuple[str, ...] | Mapping[str, Any]
    param: str
