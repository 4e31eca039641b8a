"""The models on this computer: what fits, what is in memory, how each is loaded."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..controllers.models import ModelsController
from ..domain import Fit, ModelEntry, ModelFolder
from .page import Page
from .theme import GAP, GAP_L

_GB = 1e9


class ModelsPage(Page):
    """A card for each model, and the folders they are looked for in."""

    def __init__(self, models: ModelsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Models"))
        self._models = models
        self._cards: dict[str, ModelCard] = {}
        layout = self.column
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP)
        layout.addLayout(self._list)
        section = QLabel(self.tr("Folders"), self)
        section.setObjectName("section")
        layout.addWidget(section)
        self._folders = QVBoxLayout()
        layout.addLayout(self._folders)
        add = QPushButton(self.tr("Add a folder…"), self)
        add.clicked.connect(self._add_folder)
        layout.addWidget(add, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addStretch()
        models.refreshed.connect(self._show)
        models.models.dataChanged.connect(lambda *_: self._show())
        models.folders_changed.connect(self._show_folders)
        self._show()

    def _show(self) -> None:
        entries = self._models.models.values()
        known = {entry.id for entry in entries}
        for model_id in [mine for mine in self._cards if mine not in known]:
            self._cards.pop(model_id).deleteLater()
        for place, entry in enumerate(entries):
            card = self._cards.get(entry.id)
            if card is None:
                card = self._cards[entry.id] = ModelCard(self._models, self)
                self._list.insertWidget(place, card)
            card.show_entry(entry)

    def _show_folders(self, folders: list[ModelFolder]) -> None:
        while (item := self._folders.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for folder in folders:
            self._folders.addWidget(self._folder(folder))

    def _folder(self, folder: ModelFolder) -> QWidget:
        line = QWidget(self)
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        count = (
            self.tr("{count} models").format(count=folder.num_models)
            if folder.exists
            else self.tr("not there")
        )
        name = QLabel(folder.path, line)
        name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        number = QLabel(count, line)
        number.setObjectName("muted")
        layout.addWidget(name, 1)
        layout.addWidget(number)
        if folder.source == "user":
            remove = QPushButton(self.tr("Remove"), line)
            remove.setAccessibleName(self.tr("Remove {name}").format(name=folder.path))
            remove.clicked.connect(partial(self._models.remove_folder, folder.path))
            layout.addWidget(remove)
        return line

    def _add_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("A folder with models"))
        if path:
            self._models.add_folder(path)


class ModelCard(QFrame):
    """What a model is and needs; its settings below, when they are wanted."""

    def __init__(self, models: ModelsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._models = models
        self._entry: ModelEntry | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP + 4, GAP_L, GAP + 4)
        head = QHBoxLayout()
        self._name = QLabel(self)
        self._name.setObjectName("section")
        self._load = QPushButton(self)
        self._load.clicked.connect(self._toggle)
        self._more = QPushButton(self.tr("Settings"), self)
        self._more.setCheckable(True)
        self._more.toggled.connect(self._show_settings)
        head.addWidget(self._name, 1)
        head.addWidget(self._more)
        head.addWidget(self._load)
        layout.addLayout(head)
        self._about = QLabel(self)
        self._about.setObjectName("muted")
        self._about.setWordWrap(True)
        layout.addWidget(self._about)
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName(self.tr("Loading"))
        layout.addWidget(self._progress)
        self._settings = QWidget(self)
        self._settings.hide()
        form = QFormLayout(self._settings)
        self._context = _spin(0, 2**30, self.tr("The model's"), self.tr("Context length"))
        self._ttl = _spin(0, 2**30, self.tr("The server's"), self.tr("Unload after seconds"))
        self._kv = QComboBox(self)
        self._kv.setAccessibleName(self.tr("Keys and values"))
        for text, bits in ((self.tr("Full"), None), (self.tr("8 bits"), 8), (self.tr("4 bits"), 4)):
            self._kv.addItem(text, bits)
        form.addRow(self.tr("Context length"), self._context)
        form.addRow(self.tr("Keys and values"), self._kv)
        form.addRow(self.tr("Unload after seconds"), self._ttl)
        save = QPushButton(self.tr("Save"), self)
        save.setObjectName("primary")
        save.clicked.connect(self._save)
        form.addRow("", save)
        layout.addWidget(self._settings)

    def show_entry(self, entry: ModelEntry) -> None:
        self._entry = entry
        self._name.setText(entry.name)
        parts = [entry.params, entry.quantization or self.tr("not quantized")]
        parts += [self.tr("{size} GB").format(size=f"{entry.size_bytes / _GB:.2f}")]
        parts += [self._fit(entry.fit)]
        if entry.loaded is not None:
            parts.append(
                self.tr("in memory with {count} tokens of context").format(
                    count=f"{entry.loaded.context_length:,}"
                )
            )
        self._about.setText(" · ".join(parts))
        names = {
            "loaded": self.tr("Unload"),
            "loading": self.tr("Cancel"),
            "not-loaded": self.tr("Load"),
        }
        self._load.setText(names[entry.state])
        self._load.setAccessibleName(f"{names[entry.state]} {entry.name}")
        self._load.setEnabled(entry.state != "not-loaded" or entry.fit.verdict != "too-large")
        self._more.setAccessibleName(self.tr("Settings of {name}").format(name=entry.name))
        self._progress.setVisible(entry.state == "loading")
        self._progress.setValue(round(100 * (entry.load_progress or 0)))

    def _fit(self, fit: Fit) -> str:
        needed, limit = f"{fit.needed_bytes / _GB:.2f}", f"{fit.limit_bytes / _GB:.1f}"
        if fit.verdict == "fits":
            return self.tr("fits: needs {needed} of {limit} GB").format(needed=needed, limit=limit)
        if fit.verdict == "tight":
            return self.tr("fits with up to {count} tokens of context").format(
                count=f"{fit.largest_context:,}"
            )
        return self.tr("too large: needs {needed} GB, {limit} GB can be used").format(
            needed=needed, limit=limit
        )

    def _toggle(self) -> None:
        if self._entry is not None:
            if self._entry.state == "not-loaded":
                self._models.load(self._entry.id)
            else:
                self._models.unload(self._entry.id)

    def _show_settings(self, shown: bool) -> None:
        self._settings.setVisible(shown)
        if shown and self._entry is not None:
            settings = self._entry.settings
            self._context.setValue(settings.context_length or 0)
            self._ttl.setValue(int(settings.ttl or 0))
            self._kv.setCurrentIndex(self._kv.findData(settings.kv_bits))

    def _save(self) -> None:
        if self._entry is not None:
            changed = replace(
                self._entry.settings,
                context_length=self._context.value() or None,
                kv_bits=self._kv.currentData(),
                ttl=self._ttl.value() or None,
            )
            self._models.save_settings(self._entry.id, changed)
            self._more.setChecked(False)


def _spin(least: int, most: int, special: str, name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setSpecialValueText(special)
    spin.setGroupSeparatorShown(True)
    spin.setAccessibleName(name)
    return spin
