"""An incremental JSON (RFC 8259) validator that builds no values."""

from __future__ import annotations

import re
from typing import Literal

Status = Literal["open", "complete", "invalid"]

_SPACE = " \t\n\r"
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_ESCAPES = '"\\/bfnrt'
_HEX = "0123456789abcdefABCDEF"
_LITERALS = {"t": "rue", "f": "alse", "n": "ull"}

_DIGITS = "0123456789"
_NUMBER_STARTS = {"-": "sign", "0": "zero", **dict.fromkeys("123456789", "integer")}
_NUMBER_ENDS = ("zero", "integer", "fraction", "power")
_NUMBER: dict[str, dict[str, str]] = {  # state -> characters -> next state
    "sign": {"0": "zero", "123456789": "integer"},
    "zero": {".": "point", "eE": "exponent"},
    "integer": {_DIGITS: "integer", ".": "point", "eE": "exponent"},
    "point": {_DIGITS: "fraction"},
    "fraction": {_DIGITS: "fraction", "eE": "exponent"},
    "exponent": {"+-": "exponent_sign", _DIGITS: "power"},
    "exponent_sign": {_DIGITS: "power"},
    "power": {_DIGITS: "power"},
}


class JsonScanner:
    """Follows one value. It stores only the open brackets, so neither depth nor length matters."""

    def __init__(self) -> None:
        self.status: Status = "open"
        self._expect = self._value  # handles one character; returns False if it was not consumed
        self._brackets: list[str] = []
        self._is_key = False
        self._literal_rest = ""
        self._hex_left = 0
        self._number_state = ""

    def feed(self, text: str, start: int = 0) -> int:
        """Read on from `text[start]`; return where it stopped.

        That is the end of `text` while the value is incomplete, the index after the value once it
        is complete (a number needs the character after it), or the first invalid character.
        """
        position = start
        while self.status == "open" and position < len(text):
            if self._expect == self._string and (plain := _PLAIN.match(text, position)):
                position = plain.end()
            elif self._expect(text[position]):
                position += 1
        return position

    def _fail(self) -> bool:
        self.status = "invalid"
        return False

    def _value(self, character: str) -> bool:
        if character in _SPACE:
            return True
        if character in "{[":
            self._brackets.append(character)
            self._expect = self._first_key if character == "{" else self._first_item
        elif character == '"':
            self._expect = self._string
        elif character in _NUMBER_STARTS:
            self._number_state = _NUMBER_STARTS[character]
            self._expect = self._number
        elif character in _LITERALS:
            self._literal_rest = _LITERALS[character]
            self._expect = self._literal
        else:
            return self._fail()
        return True

    def _first_item(self, character: str) -> bool:
        return self._close() if character == "]" else self._value(character)

    def _first_key(self, character: str) -> bool:
        return self._close() if character == "}" else self._key(character)

    def _key(self, character: str) -> bool:
        if character == '"':
            self._is_key = True
            self._expect = self._string
            return True
        return character in _SPACE or self._fail()

    def _colon(self, character: str) -> bool:
        if character == ":":
            self._expect = self._value
            return True
        return character in _SPACE or self._fail()

    def _after_value(self, character: str) -> bool:
        in_object = self._brackets[-1] == "{"
        if character == ("}" if in_object else "]"):
            return self._close()
        if character == ",":
            self._expect = self._key if in_object else self._value
            return True
        return character in _SPACE or self._fail()

    def _close(self) -> bool:
        self._brackets.pop()
        self._end_value()
        return True

    def _end_value(self) -> None:
        self._expect = self._after_value
        if not self._brackets:
            self.status = "complete"

    def _string(self, character: str) -> bool:
        if character == "\\":
            self._expect = self._escape
        elif character != '"':
            return self._fail()  # control characters: feed() has handled all others
        elif self._is_key:
            self._is_key = False
            self._expect = self._colon
        else:
            self._end_value()
        return True

    def _escape(self, character: str) -> bool:
        if character == "u":
            self._hex_left = 4
            self._expect = self._hex
        elif character in _ESCAPES:
            self._expect = self._string
        else:
            return self._fail()
        return True

    def _hex(self, character: str) -> bool:
        if character not in _HEX:
            return self._fail()
        self._hex_left -= 1
        if not self._hex_left:
            self._expect = self._string
        return True

    def _literal(self, character: str) -> bool:
        if character != self._literal_rest[0]:
            return self._fail()
        self._literal_rest = self._literal_rest[1:]
        if not self._literal_rest:
            self._end_value()
        return True

    def _number(self, character: str) -> bool:
        for characters, state in _NUMBER[self._number_state].items():
            if character in characters:
                self._number_state = state
                return True
        if self._number_state not in _NUMBER_ENDS:
            return self._fail()
        self._end_value()
        return False
