"""Extract text from PDF and Word files in a child process: a parser may hang or use all memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..child import serve
from .pdf import pdf_text
from .refused import AttachmentRefused
from .word import is_word, word_text

_MEMORY = 2 * 1024**3


def parsed(path: Path, kind: str, most: int) -> dict[str, Any]:
    """`text`; or `refused`, an English sentence and its values; or nothing for other archives."""
    try:
        if kind == "pdf":
            return {"text": pdf_text(path, most)}
        return {"text": word_text(path, most)} if is_word(path) else {}
    except AttachmentRefused as error:
        return {"refused": [error.sentence, error.values]}


def main() -> None:
    serve(lambda asked: parsed(Path(asked.pop("path")), **asked), memory=_MEMORY)
