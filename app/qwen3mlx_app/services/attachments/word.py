"""Extract the text of a Word file (ECMA-376, WordprocessingML)."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from xml.parsers import expat

from PySide6.QtCore import QCoreApplication

from .refused import AttachmentRefused

translate = QCoreApplication.translate

_DOCUMENT = "word/document.xml"
_NAMESPACES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
}
_PIECE = 1 << 16
# Bytes of markup; far more than any book has.
_MAX_UNPACKED = 200 * 1024**2
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    OSError,
    EOFError,
    RuntimeError,  # encrypted, or with an unknown compression
    ValueError,
)


def is_word(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _DOCUMENT in archive.namelist()
    except _FAULTS:
        return False


def word_text(path: Path, max_characters: int) -> str:
    """Paragraphs and tables, up to about `max_characters`.

    Raises AttachmentRefused.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_DOCUMENT) as document:
            return _Text(max_characters).read(document)
    except _FAULTS:
        raise AttachmentRefused(
            translate("attachments", "{name} is not a readable Word file."), path.name
        ) from None


class _Text:
    """Cells of a row are separated by tabs.

    Read in pieces and never built into a tree, so that it does not matter what a small file unpacks
    to. Entities are declared in a document type, which no Word file has: it ends the reading.
    """

    def __init__(self, max_characters: int) -> None:
        self._max_characters = max_characters
        self._parts: list[str] = []
        self._length = 0
        self._in_text = False
        self._cells = 0
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype

    def read(self, document: IO[bytes]) -> str:
        unpacked = 0
        while piece := document.read(_PIECE):
            self._parser.Parse(piece, False)
            unpacked += len(piece)
            if unpacked > _MAX_UNPACKED:
                raise ValueError("too much markup")
            if self._length > self._max_characters:
                return "".join(self._parts)
        self._parser.Parse(b"", True)
        return "".join(self._parts)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        match _local(name):
            case "t":
                self._in_text = True
            case "tab":
                self._add("\t")
            case "br" | "cr":
                self._add("\n")
            case "tc":
                self._cells += 1

    def _end(self, name: str) -> None:
        match _local(name):
            case "t":
                self._in_text = False
            case "p":
                self._add(" " if self._cells else "\n")
            case "tc":
                self._cells -= 1
                self._add("\t")
            case "tr":
                self._add("\n")

    def _characters(self, text: str) -> None:
        if self._in_text:
            self._add(text)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _doctype(self, *_: object) -> None:
        raise ValueError("a document type")


def _local(name: str) -> str:
    """The name of a WordprocessingML element; empty for others."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace in _NAMESPACES else ""
