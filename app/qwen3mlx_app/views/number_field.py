"""A field for a number that may be left empty."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ..limits import Limits
from .ranges import refusal_text
from .widgets import error_label


class NumberField(QLineEdit):
    """Empty is None: `suggest` says in its place what counts then.

    `value` follows what is typed, as long as that is a number within the limits, and `typed(value)`
    tells of it; `edited(value)` does when it was entered. Anything else that is entered stays for
    correction while what was there before counts: `refused(sentence)` says why, until it is "".
    """

    typed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, limits: Limits, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits = limits
        self._value: float | None = None
        self._before: float | None = None
        self._is_refused = False
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        # No validator: with one, Qt would not tell that the field was emptied.
        self.textEdited.connect(self._follow)
        self.editingFinished.connect(self._finish)

    @property
    def value(self) -> float | None:
        return self._value

    def set_limits(self, limits: Limits) -> None:
        """For what is typed from now on; what is set stays."""
        self._limits = limits

    def set_value(self, value: float | None) -> None:
        """Show what is set; what is to be corrected stays while that is the same."""
        if self._is_refused and value == self._before:
            return
        self._value = self._before = value
        self.setText(self._text(value))
        self._refuse("")

    def show_refusal(self, parent: QWidget) -> QWidget:
        """A line for what is refused, which is hidden while nothing is."""
        line = error_label("", parent)
        line.hide()
        self.refused.connect(line.setText)
        self.refused.connect(lambda text: line.setVisible(bool(text)))
        return line

    def suggest(self, value: float | None, otherwise: str) -> None:
        text = otherwise if value is None else self._text(value)
        self.setPlaceholderText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down change it by a little."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None or not (self.text() or self.placeholderText()):
            super().keyPressEvent(event)
            return
        start = self._number(self.text() or self.placeholderText())
        if start is not None:
            limits = self._limits
            moved = start + step if limits.is_whole else round(start + 0.05 * step, 4)
            self._say(min(limits.most, max(limits.smallest, moved)))
            self._enter()

    def _follow(self, text: str) -> None:
        self._refuse("")
        number = self._number(text)
        if number is not None or not text.strip():
            self._say(number)

    def _finish(self) -> None:
        text = self.text()
        if text != self._text(self._value):
            number = self._number(text)
            if number is None and text.strip():
                self._say(self._before)
                self._refuse(refusal_text(text.strip(), self._limits))
                return
            self._say(number)
        self._refuse("")
        self._enter()

    def _refuse(self, why: str) -> None:
        if why or self._is_refused:
            self._is_refused = bool(why)
            self.refused.emit(why)

    def _enter(self) -> None:
        before = self._before
        self.set_value(self._value)
        if self._value != before:
            self.edited.emit(self._value)

    def _say(self, value: float | None) -> None:
        if value != self._value:
            self._value = value
            self.typed.emit(value)

    def _number(self, text: str) -> float | None:
        """None for what is no number, or none that may stand here."""
        text = text.strip()
        for locale in (self.locale(), QLocale.c()):
            # The largest seeds are no float's, and the least no unsigned number.
            for read in (locale.toULongLong, locale.toLongLong, locale.toDouble):
                parsed: Any = read(text)
                number, is_one = parsed
                if is_one:
                    return self._allowed(number)
        return None

    def _allowed(self, number: float) -> float | None:
        limits = self._limits
        if isinstance(number, float):
            number = round(number, limits.decimals or 9)
            if limits.is_whole and number.is_integer():
                number = int(number)
        return number if limits.allows(number) else None

    def _text(self, value: float | None) -> str:
        if value is None:
            return ""
        if self._limits.is_whole:
            return str(int(value))
        text = f"{value:.{self._limits.decimals}f}".rstrip("0").rstrip(".")
        return text.replace(".", self.locale().decimalPoint())
