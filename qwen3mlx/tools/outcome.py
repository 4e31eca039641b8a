"""What became of a call, and the text that the model gets for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from ..quoting import shortened, size_text
from ..text.control_tokens import NONCHARACTERS

# ok: the tool's result. error: the tool says that it failed, or its server did. invalid: no such
# tool, or wrong arguments. denied, cancelled: a person decided so. timeout: it took too long.
# limit: the answer had made all calls that it may.
Status = Literal["ok", "error", "invalid", "denied", "cancelled", "timeout", "limit"]

# Characters of a result: more than any context holds.
MOST_TEXT = 2_000_000

# A chat cannot hold all of them: see `ControlTokens.mark_for`. Lone surrogates are no text either.
_REPLACED = dict.fromkeys([*map(ord, NONCHARACTERS), *range(0xD800, 0xE000)], "\ufffd")


class Outcome(NamedTuple):
    """The end of a call; `seconds` is how long the tool ran."""

    status: Status
    text: str
    seconds: float = 0.0


def result_text(blocks: Iterable[Any], structured: Any = None) -> str:
    """The content blocks of an MCP result as text.

    What is no text is named with its type and size, so that the model knows what it cannot see.
    """
    parts = [_block_text(block) for block in blocks]
    if not parts and structured is not None:
        parts = [json.dumps(structured, ensure_ascii=False)]
    text = "\n".join(parts)
    text = text.translate(_REPLACED)
    if len(text) > MOST_TEXT:
        text = text[:MOST_TEXT] + cut_note(len(text), MOST_TEXT)
    return text or "(The tool returned nothing.)"


def cut_note(num_characters: int, kept: int) -> str:
    return f"\n\n(Cut: the result has {num_characters:,} characters; only the first {kept:,} fit.)"


def _block_text(block: Any) -> str:
    kind = block.type
    if kind == "text":
        text: str = block.text
        return text
    if kind in ("image", "audio"):
        return (
            f"({_article(kind)} of type {_word(block.mime_type)}, {_size(block.data)}, which "
            "cannot be seen or heard here.)"
        )
    if kind == "resource_link":
        about = f": {shortened(block.description)}" if block.description else ""
        return f"(A link to the resource {_word(block.name)} at {_word(block.uri)}{about})"
    resource = block.resource
    if hasattr(resource, "text"):
        return f"Resource {_word(resource.uri)}:\n{resource.text}"
    kind = _word(resource.mime_type or "unknown")
    return (
        f"(The resource {_word(resource.uri)} of type {kind}, {_size(resource.blob)}, is no text.)"
    )


def _article(kind: str) -> str:
    return "An image" if kind == "image" else "A sound"


def _size(base64: str) -> str:
    return size_text(len(base64) * 3 // 4)


def _word(text: Any) -> str:
    return shortened(" ".join(str(text).split()))
