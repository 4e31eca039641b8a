"""The sheets of the Help menu: about the app, and a report of a problem."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListView, QPlainTextEdit, QVBoxLayout, QWidget

from ..models import ListModel
from ..services.about import Part, machine, parts, versions
from ..services.plain import visible
from .opening import show_folder
from .plain import Button, Label, selectable, set_title
from .theme import GAP, GAP_L, GAP_XL
from .widgets import hint_label

WIDTH, HEIGHT = 580, 240
# Characters of a report.
LONGEST = 100_000


class _Sheet(QDialog):
    """A title, a text below, what it shows, and buttons."""

    def __init__(self, title: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        set_title(self, title)
        self._width = min(WIDTH, parent.width() - 2 * GAP_XL)
        heading = Label(title, self)
        heading.setObjectName("section")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_L)
        self.column.setSpacing(GAP)
        self.column.addWidget(heading)
        self.column.addWidget(hint_label(hint, self))

    def finish(self, buttons: list[Button]) -> None:
        """Add the buttons, and Done."""
        done = Button(self.tr("Done"), self)
        done.setDefault(True)
        done.clicked.connect(self.accept)
        row = QHBoxLayout()
        for button in buttons:
            row.addWidget(button)
        row.addStretch()
        row.addWidget(done)
        self.column.addLayout(row)
        self.resize(self._width, self.sizeHint().height())
        done.setFocus()

    def copy_button(self, text: str) -> Button:
        copy = Button(self.tr("Copy"), self)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        return copy


class AboutSheet(_Sheet):
    """Versions, and the licences of all parts."""

    def __init__(self, parent: QWidget) -> None:
        hint = self.tr(
            "Qwen3 on your own computer. The app is under the Apache License 2.0, and each part"
            " below under its own; Qt and PySide6 are used under the LGPL 3."
        )
        super().__init__(self.tr("About qwen3mlx"), hint, parent)
        lines = [*versions(), *machine()]
        self.column.addWidget(selectable(Label("\n".join(lines), self)))
        listed = ListModel[Part](lambda part: part.name, part_text, self)
        listed.reset(parts())
        shown = QListView(self)
        shown.setObjectName("framed")
        shown.setModel(listed)
        shown.setAccessibleName(self.tr("Parts and their licenses"))
        shown.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        shown.setMinimumHeight(HEIGHT)
        shown.setCurrentIndex(listed.index(0))
        self.column.addWidget(shown, 1)
        everything = [*lines, "", *(part_text(part) for part in listed.values())]
        self.finish([self.copy_button("\n".join(everything))])


class ReportSheet(_Sheet):
    """Shows a report that was saved; it goes nowhere by itself."""

    def __init__(self, report: str, path: Path | None, parent: QWidget) -> None:
        """`path` is where it was saved, or None if that failed."""
        hint = self.tr("Nothing is sent. Read it, then copy it into your report.")
        if path is not None:
            hint += " " + self.tr("It is saved as {path}.").format(path=path)
        super().__init__(self.tr("Report a Problem"), hint, parent)
        shown = QPlainTextEdit(visible(report, LONGEST), self)
        shown.setReadOnly(True)
        shown.setTabChangesFocus(True)
        shown.setAccessibleName(self.tr("Report"))
        shown.setMinimumHeight(HEIGHT)
        self.column.addWidget(shown, 1)
        buttons = [self.copy_button(report)]
        if path is not None:
            show = Button(self.tr("Show in Folder"), self)
            show.clicked.connect(lambda: show_folder(path.parent))
            buttons.append(show)
        self.finish(buttons)


def part_text(part: Part) -> str:
    return f"{part.name} {part.version}: {part.licence}" if part.licence else part.name
