"""The text of a PDF."""

from __future__ import annotations

import logging
from pathlib import Path

from pypdf import PdfReader
from PySide6.QtCore import QCoreApplication

from .refused import AttachmentRefused

translate = QCoreApplication.translate

MAX_PAGES = 3000


def pdf_text(path: Path, max_characters: int) -> str:
    """The pages with blank lines between them, up to about `max_characters`.

    Raises AttachmentRefused.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs a warning for every oddity
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise AttachmentRefused(
                translate(
                    "attachments", "{name} is password-protected. Save a copy without a password."
                ),
                path.name,
            )
        if len(reader.pages) > MAX_PAGES:
            raise AttachmentRefused(
                translate(
                    "attachments", "{name} has more than {limit} pages. Attach only part of it."
                ),
                path.name,
                limit=MAX_PAGES,
            )
        return _pages(reader, max_characters)
    except AttachmentRefused:
        raise
    except Exception:  # the parser raises anything on broken files
        raise AttachmentRefused(
            translate("attachments", "{name} is not a readable PDF."), path.name
        ) from None


def _pages(reader: PdfReader, max_characters: int) -> str:
    texts: list[str] = []
    length = 0
    for page in reader.pages:
        texts.append(page.extract_text().strip())
        length += len(texts[-1])
        if length > max_characters:
            break
    return "\n\n".join(text for text in texts if text)
