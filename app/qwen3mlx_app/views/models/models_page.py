"""The models on this computer, and the folders that are searched."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...controllers.downloads import DownloadsController
from ...controllers.gguf_import import GgufImport
from ...controllers.models import ModelsController
from ...domain import ModelEntry, ModelFolder
from ...services.plain import one_line
from ...services.server_errors import told
from ..beside import Beside, in_row
from ..fields import NoScrollComboBox
from ..file_dialogs import ask_folder
from ..kept_rows import KeptRows
from ..page import Group, Page
from ..plain import Button, NameLabel
from ..theme import GAP, GAP_L, Theme
from ..widgets import error_label, hint_label, section
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
        self._tools = QWidget(self)
        self._tools.setLayout(self._search_row())
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP + 4)
        self._cards = KeptRows[ModelCard](self._list, self)
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
        self._broken = Group(self)
        broken = QVBoxLayout()
        broken.setContentsMargins(0, GAP, 0, GAP)
        broken.setSpacing(GAP)
        self._broken.add_layout(broken)
        self._broken_lines = KeptRows[_BrokenLine](broken, self._broken)
        self._broken_part = QWidget(self)
        part = QVBoxLayout(self._broken_part)
        part.setContentsMargins(0, GAP_L, 0, 0)
        part.addWidget(section(self.tr("Cannot Be Loaded"), self._broken_part))
        part.addWidget(self._broken)
        self.column.addWidget(self._broken_part)
        self.add_section(self.tr("Get More Models"), GetModels(downloads, models, theme, self))
        self.add_section(self.tr("Search Hubs"), FindModels(downloads, models, theme, self))
        self._folders = Group(self)
        lines = QVBoxLayout()
        lines.setContentsMargins(0, GAP, 0, GAP)
        lines.setSpacing(GAP)
        self._folder_lines = KeptRows[_FolderLine](lines, self._folders)
        self._folders.add_layout(lines)
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
        shown = self._shown(entries)
        others = [entry for entry in entries if entry not in shown]
        self._cards.keep([entry.id for entry in (*shown, *others)], self._card)
        for entry in entries:
            self._cards.by_key[entry.id].show_entry(entry)
            self._cards.by_key[entry.id].setVisible(entry in shown)
        self._tools.setVisible(len(entries) >= MANY)
        self._nothing.setVisible(bool(entries) and not shown)
        self._only_demo.setVisible(all(entry.source == "demo" for entry in entries))
        self._show_broken()

    def _show_broken(self) -> None:
        broken = {model.name: model for model in self._models.broken}
        self._broken_lines.keep(list(broken), lambda name: _BrokenLine(name, self._broken))
        for name, line in self._broken_lines.by_key.items():
            line.reason.setText(told(broken[name].reason))
        self._broken_part.setVisible(bool(broken))

    def _shown(self, entries: list[ModelEntry]) -> list[ModelEntry]:
        wanted = self._text.text().casefold()
        found = [entry for entry in entries if wanted in entry.id.casefold()]
        found.sort(key=lambda entry: entry.name.casefold())
        if self._order.currentData() == "size":
            found.sort(key=lambda entry: entry.size_bytes)
        elif self._order.currentData() == "loaded":
            found.sort(key=lambda entry: entry.state == "not-loaded")
        return found

    def _card(self, model_id: str) -> ModelCard:
        return ModelCard(self._models, self._theme, self)

    def _show_folders(self, folders: list[ModelFolder]) -> None:
        remove = self._models.remove_folder
        paths = [folder.path for folder in folders]
        self._folder_lines.keep(paths, lambda path: _FolderLine(path, remove, self))
        for folder in folders:
            self._folder_lines.by_key[folder.path].show_folder(folder)

    def _add_folder(self) -> None:
        if path := ask_folder(self, self.tr("Choose a Folder with Models")):
            self._models.add_folder(path)


class _BrokenLine(QWidget):
    """A model that cannot be loaded, and why."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        title = NameLabel(name, self)
        self.reason = error_label("", self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(title)
        layout.addWidget(self.reason)


class _FolderLine(QWidget):
    """A folder, the number of its models, and a button that removes what a person added."""

    def __init__(self, path: str, remove: Callable[[str], object], parent: QWidget) -> None:
        super().__init__(parent)
        name = NameLabel(path, self)
        name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._number = hint_label("", self)
        self._number.setWordWrap(False)
        self._remove = Button(self.tr("Remove"), self)
        self._remove.setAccessibleName(one_line(self.tr("Remove {name}").format(name=path)))
        self._remove.clicked.connect(lambda: remove(path))
        name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        words = in_row([name, self._number], self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Beside(words, self._remove, self))

    def show_folder(self, folder: ModelFolder) -> None:
        if not folder.exists:
            text = self.tr("Missing")
        elif folder.num_models == 1:
            text = self.tr("1 model")
        else:
            text = self.tr("{count} models").format(count=folder.num_models)
        self._number.setText(text)
        self._remove.setVisible(folder.source == "user")
