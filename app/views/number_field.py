"""A field for a number that may be left empty."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class NumberField(QLineEdit):
    """Empty is None: `suggest` says in its place what counts then.

    `edited(value)` is said when a number within its bounds was entered or taken out; what is out of
    bounds goes back to what was there. `decimals` 0: whole numbers.
    """

    edited = Signal(object)

    def __init__(
        self, least: float, most: float, decimals: int, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bounds = (least, most)
        self._decimals = decimals
        self._value: float | None = None
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        # No validator: with one, Qt would not tell that the field was emptied.
        self.editingFinished.connect(self._take)

    @property
    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        self._value = value
        self.setText("" if value is None else self._text(value))

    def suggest(self, value: float | None, otherwise: str) -> None:
        self.setPlaceholderText(otherwise if value is None else self._text(value))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down change it by a little."""
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not (self.text() or self.placeholderText()):
            super().keyPressEvent(event)
            return
        start = self._number(self.text() or self.placeholderText())
        if start is not None:
            size = 0.05 if self._decimals else 1
            self._set(round(min(self._bounds[1], max(self._bounds[0], start + step * size)), 4))

    def _take(self) -> None:
        text = self.text().strip()
        value = self._number(text) if text else None
        least, most = self._bounds
        if text and (value is None or not least <= value <= most):
            self.set_value(self._value)
        elif value != self._value:
            self._set(value)
        else:
            self.set_value(value)

    def _set(self, value: float | None) -> None:
        self.set_value(value)
        self.edited.emit(value)

    def _number(self, text: str) -> float | None:
        number, is_one = self.locale().toDouble(text)
        if not is_one:
            return None
        return number if self._decimals else int(number)

    def _text(self, value: float) -> str:
        if not self._decimals:
            return str(int(value))
        text = f"{value:.{self._decimals}f}".rstrip("0").rstrip(".")
        return text.replace(".", self.locale().decimalPoint())
