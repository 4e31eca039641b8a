"""Put text of messages on the clipboard."""

from __future__ import annotations

import re

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from .markdown import BREAK, BlockReader, to_html


def copy_rich(markdown: str) -> None:
    """Copy rich text, and the Markdown for whatever takes plain text alone."""
    reader = BlockReader()
    reader.read(markdown)
    data = QMimeData()
    data.setHtml("".join(map(to_html, reader.blocks)))
    data.setText(markdown)
    QGuiApplication.clipboard().setMimeData(data)


def copy_selected(label: QLabel) -> None:
    """Copy what is selected of a label's text."""
    text = label.selectedText().replace(BREAK, "")
    QGuiApplication.clipboard().setText(re.sub("[\u2028\u2029]", "\n", text))
