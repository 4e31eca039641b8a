"""The files of a draft, each with a button that takes it off."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..controllers.drafts import DraftFile
from ..services.plain import one_line
from .icons import SMALL
from .plain import ToolButton
from .widgets import labelled_button


class AttachmentChips(QWidget):
    """Emits `removed(id)`; hidden while there are no files."""

    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: dict[str, ToolButton] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addStretch()
        self.hide()

    def show_files(self, files: Sequence[DraftFile]) -> None:
        """Show these files, in their order; chips that stay keep the focus."""
        for file_id in self._chips.keys() - {file.id for file in files}:
            chip = self._chips.pop(file_id)
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        for place, file in enumerate(files):
            if file.id not in self._chips:
                self._chips[file.id] = self._chip(file.id)
                self._row.insertWidget(place, self._chips[file.id])
                self._chips[file.id].show()
            self._label(self._chips[file.id], file)
        self.setVisible(bool(files))

    def _chip(self, file_id: str) -> ToolButton:
        chip = labelled_button(self, "close", "", size=SMALL, kind="chip")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # puts the cross at the end
        chip.clicked.connect(lambda: self.removed.emit(file_id))
        return chip

    def _label(self, chip: ToolButton, file: DraftFile) -> None:
        about = ""
        if file.attachment is None:
            about = self.tr("reading…")
        elif file.tokens >= 0:
            about = self.tr("{count} tokens").format(count=f"{file.tokens:,}")
        chip.setText(f"{file.name}  {about}".rstrip())
        chip.setAccessibleName(one_line(self.tr("Remove {name}").format(name=file.name)))
        chip.setAccessibleDescription(about)
