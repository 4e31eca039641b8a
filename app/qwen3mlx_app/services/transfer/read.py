"""Import conversations from any supported file."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from ...domain import Transcript
from ..server_errors import system_reason
from ..values import Json, objects
from . import chatgpt, claude, lmstudio, own
from .errors import TransferError

translate = QCoreApplication.translate

MAX_BYTES = 1024**3
# ChatGPT's and Claude's exports have one file, or several for many conversations.
_IN_ARCHIVE = re.compile(r"(.*/)?conversations(-\d+)?\.json")
# What reads conversations, alone or in a list, by a field that those have.
_LISTED = {"mapping": chatgpt.read, "chat_messages": claude.read}


@dataclass(frozen=True, slots=True)
class Imported:
    """The conversations; `num_skipped` others had nothing readable in them."""

    transcripts: tuple[Transcript, ...]
    num_skipped: int


def import_file(path: Path) -> Imported:
    """Import every conversation of a file with new ids.

    Takes LM Studio's `*.conversation.json`, the `conversations.json` of ChatGPT or Claude, or the
    archive it comes in, and this program's own export. Raises TransferError; may take seconds.
    """
    transcripts: list[Transcript] = []
    num_skipped = 0
    for document in _documents(path):
        read, conversations = _reader(document, path.name)
        for conversation in conversations:
            transcript = read(conversation)
            if transcript is None:
                num_skipped += 1
            else:
                transcripts.append(_titled(transcript))
    if not transcripts:
        raise TransferError(
            translate("transfer", "{name} contains no readable conversations.").format(
                name=path.name
            )
        )
    return Imported(tuple(transcripts), num_skipped)


def _titled(transcript: Transcript) -> Transcript:
    """With its title on one line."""
    title = " ".join(transcript.conversation.title.split())
    return replace(transcript, conversation=replace(transcript.conversation, title=title))


def _reader(document: Any, name: str) -> tuple[Callable[[Json], Transcript | None], list[Json]]:
    """The function that reads the document, and its conversations."""
    listed = objects(document if isinstance(document, list) else [document])
    for field, read in _LISTED.items():
        if any(field in item for item in listed):
            return read, listed
    if isinstance(document, dict):
        if document.get("format") == own.FORMAT:
            own.check_version(document, name)
            return own.read, objects(document.get("conversations"))
        if any("versions" in message for message in objects(document.get("messages"))):
            return lmstudio.read, [document]
    raise TransferError(
        translate(
            "transfer",
            "{name} is not an export from LM Studio, ChatGPT, Claude, or qwen3mlx.",
        ).format(name=name)
    )


def _documents(path: Path) -> Iterator[Any]:
    try:
        if zipfile.is_zipfile(path):
            yield from _in_archive(path)
            return
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(path.name)
        yield json.loads(path.read_bytes())
    except OSError as error:
        raise TransferError(
            translate("transfer", "{name} cannot be read: {reason}.").format(
                name=path.name, reason=system_reason(error)
            )
        ) from None
    except (
        ValueError,
        RecursionError,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
    ):
        raise TransferError(
            translate("transfer", "{name} is damaged or not JSON. Export it again.").format(
                name=path.name
            )
        ) from None


def _in_archive(path: Path) -> Iterator[Any]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if _IN_ARCHIVE.fullmatch(entry.filename):
                if entry.file_size > MAX_BYTES:
                    raise _too_large(path.name)
                with archive.open(entry) as file:
                    # The size in the archive's directory may be wrong.
                    yield json.loads(file.read(MAX_BYTES))


def _too_large(name: str) -> TransferError:
    return TransferError(translate("transfer", "{name} is too large to import.").format(name=name))
