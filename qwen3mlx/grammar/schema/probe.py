"""Ask the libraries what they can enforce: llguidance for grammars, jsonschema-rs for checks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llguidance import LLTokenizer

_MAX_LEXER_STATES = 20_000
_STOP = 256
# Prefix of the reason when a schema contradicts itself.
NEVER = "no value satisfies it"


class _Bytes:
    """A vocabulary of the 256 bytes, and one end token."""

    tokens = (*tuple(bytes([byte]) for byte in range(_STOP)), b"")
    special_token_ids = (_STOP,)
    bos_token_id = None
    eos_token_id = _STOP

    def __call__(self, text: str) -> list[int]:
        return list(text.encode())


@lru_cache(maxsize=1)
def byte_tokenizer() -> LLTokenizer:
    """Return a tokenizer of the 256 bytes and an end token."""
    from llguidance import LLTokenizer, TokenizerWrapper

    return LLTokenizer(TokenizerWrapper(_Bytes()), slices=[])


def grammar_fault(schema: Mapping[str, Any]) -> str | None:
    """Return why llguidance cannot compile `schema`, or None if it can."""
    from llguidance import LLMatcher, LLParserLimits

    limits = LLParserLimits(max_lexer_states=_MAX_LEXER_STATES, verbose_errors=False)
    grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema))
    matcher = LLMatcher(byte_tokenizer(), grammar, log_level=0, limits=limits)
    matcher.compute_bitmask()  # some faults appear only with the first mask
    return _short(matcher.get_error()) if matcher.is_error() else None


def _short(error: str) -> str:
    """Return the library's message without positions and excerpts."""
    if "NoExtension" in error:
        return NEVER
    if "Unsatisfiable schema: " in error:
        why = error.rpartition("Unsatisfiable schema: ")[2].splitlines()[0]
        return f"{NEVER} ({why if len(why) <= 100 else why[:100] + '...'})"
    line = error.rsplit("\nerror: ", 1)[-1].partition("\n")[0]
    return line.partition("; ")[0].rstrip(".")[:200]


@lru_cache(maxsize=1024)
def pattern_fault(pattern: str) -> str | None:
    """Return why a grammar cannot restrict strings to `pattern`."""
    return grammar_fault({"type": "string", "pattern": pattern})


@lru_cache(maxsize=1024)
def is_checkable(pattern: str) -> bool:
    """Return whether finished strings can be matched; look-around and back-references are fine."""
    return is_schema({"pattern": pattern})


def is_schema(schema: dict[str, Any]) -> bool:
    """Return whether finished values can be checked against `schema`."""
    from jsonschema_rs import Draft202012Validator, ReferencingError, ValidationError

    try:
        Draft202012Validator(schema, offline=True)
    except (ValidationError, ReferencingError, ValueError):
        return False
    return True


_ASSERTION = re.compile(r"\(\?<?[=!]")
_PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def without_assertions(pattern: str) -> str:
    """Return `pattern` without look-around and word boundaries: it matches at least as much."""
    kept: list[str] = []
    depth, outside = 0, -1  # group depth, and the depth at which the look-around began
    at = 0
    while piece := _PIECE.match(pattern, at):
        text = piece[0]
        if text == "(":
            depth += 1
            if outside < 0 and _ASSERTION.match(pattern, at):
                outside = depth
        if outside < 0 and text not in (r"\b", r"\B"):
            kept.append(text)
        if text == ")":
            if depth == outside:
                outside = -1
            depth -= 1
        at = piece.end()
    return "".join(kept)
