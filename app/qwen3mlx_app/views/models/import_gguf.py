"""The import of a GGUF file, and its progress."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from ...controllers.gguf_import import GgufImport
from ..file_dialogs import ask_file
from ..following import follow
from ..plain import Button, Label, NameLabel
from ..theme import GAP, GAP_L
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
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(self.tr("Import a GGUF file"), self))
        words.addWidget(
            hint_label(
                self.tr(
                    "A Qwen3 of Ollama, LM Studio or llama.cpp becomes a model for MLX. The file"
                    " stays as it is."
                ),
                self,
            )
        )
        words.addWidget(self._name)
        words.addWidget(self._bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_L)
        row.addLayout(words, 1)
        for button in (self._stop, self._choose):
            row.addWidget(button)
        words.setContentsMargins(0, 0, GAP, 0)
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
