"""A field for a number that may be left empty."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class NumberField(QLineEdit):
    """Empty is None: `suggest` says in its place what counts then.

    `value` follows what is typed, as long as that is a number within the bounds, and `typed(value)`
    tells of it; `edited(value)` does when it was entered. Left with anything else, the field goes
    back to what was there before. `decimals` 0: whole numbers.
    """

    typed = Signal(object)
    edited = Signal(object)

    def __init__(
        self, least: float, most: float, decimals: int, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bounds = (least, most)
        self._decimals = decimals
        self._value: float | None = None
        self._before: float | None = None
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        # No validator: with one, Qt would not tell that the field was emptied.
        self.textEdited.connect(self._follow)
        self.editingFinished.connect(self._finish)

    @property
    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        self._value = self._before = value
        self.setText(self._text(value))

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
            size = 0.05 if self._decimals else 1
            least, most = self._bounds
            self._say(round(min(most, max(least, start + step * size)), 4))
            self._enter()

    def _follow(self, text: str) -> None:
        number = self._number(text)
        if number is not None or not text.strip():
            self._say(number)

    def _finish(self) -> None:
        text = self.text()
        if text != self._text(self._value):
            number = self._number(text)
            self._say(number if number is not None or not text.strip() else self._before)
        self._enter()

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
        for locale in (self.locale(), QLocale.c()):
            number, is_one = locale.toDouble(text.strip())
            if is_one:
                break
        rounded = round(number, self._decimals or 9)
        least, most = self._bounds
        if not is_one or not least <= rounded <= most:
            return None
        if self._decimals:
            return rounded
        return int(rounded) if rounded.is_integer() else None

    def _text(self, value: float | None) -> str:
        if value is None:
            return ""
        if not self._decimals:
            return str(int(value))
        text = f"{value:.{self._decimals}f}".rstrip("0").rstrip(".")
        return text.replace(".", self.locale().decimalPoint())
