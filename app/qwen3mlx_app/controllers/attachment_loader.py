"""Reads files as attachments on a thread of their own: a PDF takes seconds."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..domain import Attachment
from ..services.attachments import AttachmentRefused, in_context, read_attachment
from ..services.delivery import Delivery
from ..services.endpoint import Endpoint

# In place of a number of tokens.
UNKNOWN, TOO_MANY = -1, -2


class AttachmentLoader(QObject):
    """Emits `added(id, attachment, tokens)` or `refused(id, sentence)` for each file.

    `tokens` is UNKNOWN where the server could not count them, TOO_MANY where it need not.
    """

    added = Signal(str, object, int)
    refused = Signal(str, str)

    def __init__(
        self, endpoint: Endpoint, program: Sequence[str], parent: QObject | None = None
    ) -> None:
        """`program` is the command that starts `qwen3mlx`."""
        super().__init__(parent)
        self._program = program
        self._endpoint = endpoint
        self._read = Delivery(self._take)

    def load(self, paths: Mapping[str, Path], model_id: str) -> None:
        """Read files, each under an id that its report has."""
        thread = threading.Thread(
            target=self._read_all, args=(dict(paths), model_id), name="attachments", daemon=True
        )
        thread.start()

    def _read_all(self, paths: Mapping[str, Path], model_id: str) -> None:
        """Runs on the loader's thread."""
        for file_id, path in paths.items():
            found: Attachment | AttachmentRefused
            try:
                found = read_attachment(path, self._program)
            except AttachmentRefused as error:
                found = error
            self._read.arrived.emit((file_id, found, model_id))

    def _take(self, read: tuple[str, Attachment | AttachmentRefused, str]) -> None:
        file_id, found, model_id = read
        if isinstance(found, AttachmentRefused):
            self.refused.emit(file_id, str(found))
        else:
            self._count(file_id, found, model_id)

    def _count(self, file_id: str, attachment: Attachment, model_id: str) -> None:
        self._endpoint.count_tokens(
            model=model_id,
            texts=[in_context(attachment)],
            messages=None,
            enable_thinking=None,
            done=lambda texts, *_: self.added.emit(file_id, attachment, texts[0]),
            failed=lambda error: self._measure(file_id, attachment, model_id),
        )

    def _measure(self, file_id: str, attachment: Attachment, model_id: str) -> None:
        """Whether a text that was not counted is longer than the context in any case."""

        def measured(_: list[int], chat: int | None, total: int, __: bool) -> None:
            is_too_long = chat is not None and chat >= total
            self.added.emit(file_id, attachment, TOO_MANY if is_too_long else UNKNOWN)

        self._endpoint.count_tokens(
            model=model_id,
            texts=(),
            messages=[{"role": "user", "content": in_context(attachment)}],
            enable_thinking=None,
            done=measured,
            failed=lambda error: self.added.emit(file_id, attachment, UNKNOWN),
        )
