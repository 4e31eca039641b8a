"""Qt widgets that would guess whether text is markup, made so that they never do.

The only place that makes them, calls what guesses, or names these classes: a test looks for others.
Rich text there is in `rich_text.py` alone, of Markdown that was escaped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QHelpEvent, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QInputDialog,
    QLabel,
    QMenu,
    QMenuBar,
    QMessageBox,
    QPushButton,
    QSystemTrayIcon,
    QTabBar,
    QToolButton,
    QToolTip,
    QWidget,
)

from ..services.plain import TEXT, one_line, unmarked, visible, window_title, without_mnemonics
from .pressing import EnterPresses

# The characters of a name for which there is always room.
NAME = 8


class Label(QLabel):
    """A label with plain text, cut after `longest` characters."""

    def __init__(
        self, text: str = "", parent: QWidget | None = None, *, longest: int = TEXT
    ) -> None:
        super().__init__(parent)
        self._longest = longest
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(visible(text, self._longest))


class NameLabel(Label):
    """A label with a name on one line, whatever it contains.

    Where there is no room, it ends with an ellipsis, and a tip has all of it.
    """

    def setText(self, text: str) -> None:
        super().setText(one_line(text))

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        least = self.fontMetrics().averageCharWidth() * NAME
        return QSize(min(hint.width(), least), hint.height())

    def shown(self) -> str:
        """What there is room for."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        # Qt rounds the width of what it cuts down.
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.shown()
        if shown == self.text():
            super().paintEvent(event)
            return
        place, flags = self.contentsRect(), self.alignment().value
        role, palette, enabled = self.foregroundRole(), self.palette(), self.isEnabled()
        style = self.style()
        style.drawItemText(QPainter(self), place, flags, palette, enabled, shown, role)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self.shown() != self.text():
            show_tip(event.globalPos(), self.text(), self)
            return True
        return super().event(event)


def selectable(label: Label) -> Label:
    """Make a label's text selectable."""
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class Button(EnterPresses, QPushButton):
    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(without_mnemonics(text))


class ToolButton(EnterPresses, QToolButton):
    def setText(self, text: str) -> None:
        super().setText(without_mnemonics(text))


class TabBar(QTabBar):
    """Tabs as wide as their names, without a line below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setExpanding(False)
        self.setDrawBase(False)

    def add(self, text: str = "") -> None:
        self.addTab(without_mnemonics(text))

    def name_tab(self, index: int, text: str) -> None:
        self.setTabText(index, without_mnemonics(text))


class Menu(QMenu):
    def __init__(self, parent: QWidget | None = None, title: str = "") -> None:
        super().__init__(parent)
        self.setTitle(without_mnemonics(title))

    def add(
        self, text: str, do: Callable[[], object] | None = None, icon: QIcon | None = None
    ) -> QAction:
        action = self.addAction(without_mnemonics(text))
        action.setToolTip(unmarked(one_line(text)))  # the default tooltip is the text as it is
        if icon is not None:
            action.setIcon(icon)
        if do is not None:
            action.triggered.connect(lambda *_: do())
        return action

    def add_menu(self, title: str, icon: QIcon | None = None) -> Menu:
        menu = Menu(self, title)
        if icon is not None:
            menu.setIcon(icon)
        self.addMenu(menu)
        return menu


def add_menu_to(bar: QMenuBar, title: str, letter: str) -> Menu:
    """`letter` opens it with Alt; a Mac has no such keys."""
    menu = Menu(bar, title)
    if sys.platform != "darwin":
        shown = without_mnemonics(title)
        has_it = letter in shown
        menu.setTitle(shown.replace(letter, f"&{letter}", 1) if has_it else f"{shown}(&{letter})")
    bar.addMenu(menu)
    return menu


def name_more(bar: QMenuBar, text: str, icon: QIcon) -> None:
    """Name the button at the end of a bar that has no room for all of its menus."""
    for button in bar.findChildren(QToolButton, "qt_menubar_ext_button"):
        button.setIcon(icon)
        button.setAccessibleName(one_line(text))
        set_tip(button, text)


def set_tip(target: QWidget | QAction, text: str) -> None:
    target.setToolTip(unmarked(text))


def show_tip(place: QPoint, text: str, widget: QWidget) -> None:
    """Show a tooltip now; an empty text hides it."""
    QToolTip.showText(place, unmarked(text), widget)


def set_title(window: QWidget, text: str) -> None:
    window.setWindowTitle(window_title(text))


def tell(parent: QWidget | None, title: str, text: str) -> None:
    """Show a message box, and wait until it is closed."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    set_title(box, title)
    box.setText(visible(text))
    box.exec()


def confirm(parent: QWidget, question: str, verb: str, do: Callable[[], object]) -> None:
    """Ask before something that cannot be undone; `verb` is the button that does it."""
    box, yes = _question(parent, question, verb)
    yes.clicked.connect(lambda *_: do())
    box.open()


def agrees(parent: QWidget, question: str, verb: str) -> bool:
    """Ask as `confirm` does, and wait for the answer."""
    box, yes = _question(parent, question, verb)
    answers: list[bool] = []
    yes.clicked.connect(lambda *_: answers.append(True))
    box.exec()
    return bool(answers)


def _question(parent: QWidget, question: str, verb: str) -> tuple[QMessageBox, QPushButton]:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(visible(question))
    yes = box.addButton(without_mnemonics(verb), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    return box, yes


def ask_name(parent: QWidget, title: str, question: str) -> str:
    """Ask for a name; empty if the dialog was canceled."""
    name, is_given = QInputDialog.getText(parent, window_title(title), unmarked(question))
    return name.strip() if is_given else ""


def notify(item: QSystemTrayIcon, title: str, text: str, icon: QIcon, stays: int) -> None:
    """Show a notification for `stays` milliseconds; the system may look for markup in it."""
    item.showMessage(unmarked(one_line(title)), unmarked(text), icon, stays)
