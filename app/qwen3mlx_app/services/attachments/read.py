"""Detect a file's type and read its text.

The content decides, never the name alone. Nothing in a file is run, fetched or expanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeDatabase

from ...domain import Attachment, AttachmentKind
from ..child import Child, child_command
from ..fence import fenced
from ..server_errors import system_reason
from .plain import decoded
from .refused import AttachmentRefused

translate = QCoreApplication.translate

MEGABYTE = 1024**2
MAX_FILE_BYTES = 50 * MEGABYTE
# More exceeds any context of Qwen3 (a million tokens).
MAX_CHARACTERS = 4_000_000
_HEAD_BYTES = 4096
# Seconds for a PDF or a Word file.
PATIENCE = 30.0
# The argument of the program that makes it read a PDF or a Word file.
_PARSER = "qwen3mlx_app.services.attachments.parsing"
_OFFICE = ("application/vnd.", "application/msword", "application/x-ole-storage")


def read_attachment(path: Path, program: Sequence[str]) -> Attachment:
    """The text of a text, code, PDF or Word file. Raises AttachmentRefused; may take seconds.

    `program` is the command that starts `qwen3mlx`.
    """
    name = path.name
    data = _content(path)
    kind, text = _text(path, data, program)
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        raise AttachmentRefused(_nothing(kind), name)
    if len(text) > MAX_CHARACTERS:
        sentence = translate(
            "attachments",
            "{name} contains more text than a model can read. Attach only part of it.",
        )
        raise AttachmentRefused(sentence, name)
    language = _language(name) if kind == "text" else ""
    return Attachment(name=name, kind=kind, text=text, num_bytes=len(data), language=language)


def in_context(attachment: Attachment) -> str:
    """An attachment in the prompt: its name, and its text inside a fence that it cannot close."""
    return f"{attachment.name}\n{fenced(attachment.text, attachment.language)}"


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            sentence = translate("attachments", "{name} is a folder. Attach the files in it.")
            raise AttachmentRefused(sentence, path.name)
        if not path.is_file():
            raise AttachmentRefused(
                translate("attachments", "There is no file named {name}."), path.name
            )
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise AttachmentRefused(
                translate(
                    "attachments", "{name} is too large: {size} MB. The limit is {limit} MB."
                ),
                path.name,
                size=round(size / MEGABYTE),
                limit=MAX_FILE_BYTES // MEGABYTE,
            )
        return path.read_bytes()
    except OSError as error:
        raise AttachmentRefused(
            translate("attachments", "{name} cannot be read: {reason}."),
            path.name,
            reason=system_reason(error),
        ) from None


def _text(path: Path, data: bytes, program: Sequence[str]) -> tuple[AttachmentKind, str]:
    """The kind of a file, and its text."""
    if b"%PDF-" in data[:1024]:
        return "pdf", _parsed(path, "pdf", program) or ""
    if data.startswith(b"PK\x03\x04") and (text := _parsed(path, "docx", program)) is not None:
        return "docx", text
    _refuse_by_type(path.name, data[:_HEAD_BYTES])
    return "text", decoded(path.name, data)


def _parsed(path: Path, kind: str, program: Sequence[str]) -> str | None:
    """The text that a child process extracts; None if the file is of another kind."""
    child = Child(child_command(program, _PARSER), PATIENCE)
    try:
        told = child.ask({"path": str(path), "kind": kind, "most": MAX_CHARACTERS})
    finally:
        child.close()
    if told is None:
        raise AttachmentRefused(
            translate(
                "attachments",
                "{name} takes too long or too much memory to read. Save it as plain text.",
            ),
            path.name,
        )
    if "refused" in told:
        sentence, values = told["refused"]
        raise AttachmentRefused(translate("attachments", sentence), path.name, **values)
    text: str | None = told.get("text")
    return text


def _refuse_by_type(name: str, head: bytes) -> None:
    mime = QMimeDatabase().mimeTypeForData(head)
    kind = mime.name()
    if mime.inherits("application/rtf") or kind.startswith(_OFFICE) or head.startswith(b"{\\rtf"):
        sentence = translate(
            "attachments", "{name} has an unsupported format. Save it as .docx, PDF, or plain text."
        )
    elif mime.inherits("text/plain"):
        return
    elif kind.startswith("image/"):
        sentence = translate("attachments", "{name} is an image. Qwen3 reads only text.")
    elif kind.startswith(("audio/", "video/")):
        sentence = translate(
            "attachments", "{name} is an audio or video file. Qwen3 reads only text."
        )
    else:
        return
    raise AttachmentRefused(sentence, name)


def _nothing(kind: AttachmentKind) -> str:
    if kind == "pdf":
        return translate(
            "attachments",
            "{name} contains only images of text. Attach a version with selectable text.",
        )
    return translate("attachments", "{name} is empty.")


def _language(name: str) -> str:
    """Pygments' name of the file's language; empty for files that are not code."""
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        aliases = get_lexer_for_filename(name).aliases
    except ClassNotFound:
        return ""
    return aliases[0] if aliases and aliases[0] != "text" else ""
