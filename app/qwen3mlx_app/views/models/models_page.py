"""The models on this computer, and the folders that are searched."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ...controllers.downloads import DownloadsController
from ...controllers.gguf_import import GgufImport
from ...controllers.models import ModelsController
from ...domain import ModelEntry, ModelFolder
from ...services.plain import one_line
from ..fields import NoScrollComboBox
from ..file_dialogs import ask_folder
from ..page import Group, Page
from ..plain import Button, NameLabel
from ..theme import GAP, Theme
from ..widgets import hint_label
from .find_models import FindModels
from .get_models import GetModels
from .import_gguf import ImportGguf
from .model_card import ModelCard

# The number of models from which on the filter is shown.
MANY = 4


class ModelsPage(Page):
    """A card for each model, those in memory first."""

    def __init__(
        self,
        models: ModelsController,
        downloads: DownloadsController,
        imports: GgufImport,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Models"))
        self._models = models
        self._theme = theme
        self._cards: dict[str, ModelCard] = {}
        self._tools = QWidget(self)
        self._tools.setLayout(self._search_row())
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP + 4)
        self._nothing = hint_label(self.tr("No matching models"), self)
        self._only_demo = hint_label(
            self.tr(
                "Only the demo models are installed. Get another one below. Qwen3 models"
                " downloaded with Hugging Face tools or LM Studio appear here automatically."
            ),
            self,
        )
        self.column.addWidget(self._tools)
        self.column.addLayout(self._list)
        self.column.addWidget(self._nothing)
        self.column.addWidget(self._only_demo)
        self.add_section(self.tr("Get More Models"), GetModels(downloads, models, theme, self))
        self.add_section(self.tr("Search Hubs"), FindModels(downloads, models, theme, self))
        self._folders = Group(self)
        self._folder_lines = QVBoxLayout()
        self._folder_lines.setContentsMargins(0, GAP, 0, GAP)
        self._folder_lines.setSpacing(GAP)
        self._folders.add_layout(self._folder_lines)
        self._folders.add_row(
            self.tr("Add another folder"),
            self._add_button(),
            self.tr("A model, or a folder of models. You can also drop it on the window."),
        )
        self._folders.add_widget(ImportGguf(imports, self))
        self.add_section(self.tr("Folders"), self._folders)
        self.column.addStretch()
        models.refreshed.connect(self._show)
        models.models.dataChanged.connect(self._show)
        models.folders_changed.connect(self._show_folders)
        self._show()

    def look_for(self, text: str) -> None:
        """Show the models with this text in their names."""
        self._text.setText(text)

    def _search_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        self._text = QLineEdit(self)
        self._text.setPlaceholderText(self.tr("Filter models"))
        self._text.setAccessibleName(self.tr("Filter models"))
        self._text.setClearButtonEnabled(True)
        self._text.textChanged.connect(self._show)
        self._order = NoScrollComboBox(self)
        self._order.setAccessibleName(self.tr("Sort by"))
        self._order.addItem(self.tr("Loaded first"), "loaded")
        self._order.addItem(self.tr("Name"), "name")
        self._order.addItem(self.tr("Size"), "size")
        self._order.activated.connect(self._show)
        row.addWidget(self._text, 1)
        row.addWidget(self._order)
        return row

    def _add_button(self) -> Button:
        add = Button(self.tr("Add Folder…"), self)
        add.clicked.connect(self._add_folder)
        return add

    def _show(self, *_: object) -> None:
        entries = self._models.models.values()
        known = {entry.id for entry in entries}
        for model_id in [mine for mine in self._cards if mine not in known]:
            self._cards.pop(model_id).deleteLater()
        shown = self._shown(entries)
        for entry in entries:
            if entry.id not in self._cards:
                self._cards[entry.id] = ModelCard(self._models, self._theme, self)
            self._cards[entry.id].show_entry(entry)
            self._cards[entry.id].setVisible(entry in shown)
        for place, entry in enumerate(shown):
            self._list.insertWidget(place, self._cards[entry.id])
        self._tools.setVisible(len(entries) >= MANY)
        self._nothing.setVisible(bool(entries) and not shown)
        self._only_demo.setVisible(all(entry.source == "demo" for entry in entries))

    def _shown(self, entries: list[ModelEntry]) -> list[ModelEntry]:
        wanted = self._text.text().casefold()
        found = [entry for entry in entries if wanted in entry.id.casefold()]
        found.sort(key=lambda entry: entry.name.casefold())
        if self._order.currentData() == "size":
            found.sort(key=lambda entry: entry.size_bytes)
        elif self._order.currentData() == "loaded":
            found.sort(key=lambda entry: entry.state == "not-loaded")
        return found

    def _show_folders(self, folders: list[ModelFolder]) -> None:
        while (item := self._folder_lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for folder in folders:
            self._folder_lines.addWidget(self._folder(folder))

    def _folder(self, folder: ModelFolder) -> QWidget:
        line = QWidget(self)
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        count = self._number(folder.num_models) if folder.exists else self.tr("Missing")
        name = NameLabel(folder.path, line)
        name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        name.setMinimumWidth(1)
        number = hint_label(count, line)
        number.setWordWrap(False)
        layout.addWidget(name, 1)
        layout.addWidget(number)
        if folder.source == "user":
            remove = Button(self.tr("Remove"), line)
            remove.setAccessibleName(one_line(self.tr("Remove {name}").format(name=folder.path)))
            remove.clicked.connect(partial(self._models.remove_folder, folder.path))
            layout.addWidget(remove)
        return line

    def _number(self, count: int) -> str:
        if count == 1:
            return self.tr("1 model")
        return self.tr("{count} models").format(count=count)

    def _add_folder(self) -> None:
        if path := ask_folder(self, self.tr("Choose a Folder with Models")):
            self._models.add_folder(path)
