"""The form that an answer must have, where no tool call and no `response_format` asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class TextForm:
    """What the whole answer must be; `param` is the request's field that says so, for errors.

    `choice`: one of the texts in `source`. `regex`: what a regular expression matches from end to
    end (https://docs.rs/regex, without look-around). `grammar`: what a grammar derives, in
    llguidance's Lark, or in llama.cpp's GBNF, which is known by its `::=`. `json`: a value that
    a JSON schema describes, of a field beside `response_format`.
    """

    kind: Literal["choice", "regex", "grammar", "json"]
    source: str | tuple[str, ...] | Mapping[str, Any]
    param: str
