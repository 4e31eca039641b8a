"""The files of a draft, each with a button that takes it off."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ..controllers.attachment_loader import TOO_MANY
from ..controllers.drafts import DraftFile
from ..services.plain import one_line
from .flow import FlowArea
from .plain import ToolButton, set_tip
from .tab_order import TabPlace, put_after
from .widgets import labelled_button

# Rows that are shown; more can be scrolled to. The most pixels of a name.
ROWS, NAME = 3.5, 220


class AttachmentChips(FlowArea):
    """Emits `removed(id)`; hidden while there are no files."""

    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(ROWS, parent)
        self._chips: dict[str, ToolButton] = {}
        self._tab = TabPlace(self)
        self.setAccessibleName(self.tr("Attachments"))

    def show_files(self, files: Sequence[DraftFile]) -> None:
        """Show these files, in their order; chips that stay keep the focus."""
        for file_id in self._chips.keys() - {file.id for file in files}:
            self.remove(self._chips.pop(file_id))
        before: QWidget = self._tab
        for file in files:
            if file.id not in self._chips:
                self._chips[file.id] = self._chip(file.id)
                self.add(self._chips[file.id])
            chip = self._chips[file.id]
            self._label(chip, file)
            before = put_after(before, chip)

    def _chip(self, file_id: str) -> ToolButton:
        chip = labelled_button(self, "close", "", kind="chip")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # puts the cross at the end
        chip.clicked.connect(lambda: self.removed.emit(file_id))
        return chip

    def _label(self, chip: ToolButton, file: DraftFile) -> None:
        about = ""
        if file.attachment is None:
            about = self.tr("reading…")
        elif file.tokens >= 0:
            about = self.tr("{count} tokens").format(count=f"{file.tokens:,}")
        elif file.tokens == TOO_MANY:
            about = self.tr("more than fits")
        middle = Qt.TextElideMode.ElideMiddle
        name = self.fontMetrics().elidedText(one_line(file.name), middle, NAME)
        chip.setText(f"{name}  {about}".rstrip())
        set_tip(chip, one_line(file.name))
        chip.setAccessibleName(one_line(self.tr("Remove {name}").format(name=file.name)))
        chip.setAccessibleDescription(one_line(about))
