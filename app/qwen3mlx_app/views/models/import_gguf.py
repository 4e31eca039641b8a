"""The import of a GGUF file, and its progress."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from ...controllers.gguf_import import GgufImport
from ..beside import Beside, in_row
from ..file_dialogs import ask_file
from ..following import follow
from ..plain import Button, Label, NameLabel
from ..widgets import hint_label


class ImportGguf(QWidget):
    def __init__(self, imports: GgufImport, parent: QWidget) -> None:
        super().__init__(parent)
        self._imports = imports
        self._choose = Button(self.tr("Import…"), self)
        self._choose.setAccessibleName(self.tr("Import a GGUF file"))
        self._choose.clicked.connect(self._ask)
        self._stop = Button(self.tr("Stop"), self)
        self._stop.setAccessibleName(self.tr("Stop the import"))
        self._stop.clicked.connect(imports.stop)
        self._name = NameLabel("", self)
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of the import"))
        words = QWidget(self)
        lines = QVBoxLayout(words)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2)
        title = Label(self.tr("Import a GGUF file"), words)
        title.setWordWrap(True)
        lines.addWidget(title)
        lines.addWidget(
            hint_label(
                self.tr(
                    "A Qwen3 of Ollama, LM Studio or llama.cpp becomes a model for MLX. The file"
                    " stays as it is."
                ),
                words,
            )
        )
        lines.addWidget(self._name)
        lines.addWidget(self._bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Beside(words, in_row([self._stop, self._choose], self), self))
        follow(self, self._show, imports.changed)
        self._show()

    def _show(self) -> None:
        runs = bool(self._imports.name)
        self._name.setText(self._imports.name)
        for widget in (self._name, self._bar, self._stop):
            widget.setVisible(runs)
        self._choose.setVisible(not runs)
        self._bar.setValue(round(1000 * self._imports.done))

    def _ask(self) -> None:
        kinds = self.tr("GGUF files") + " (*.gguf)"
        title = self.tr("Choose a GGUF File")
        if path := ask_file(self, title, kinds):
            self._imports.start(path)
