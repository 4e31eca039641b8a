"""Word wrapping for streamed text that is printed at once and never redrawn."""

from __future__ import annotations

from rich.cells import cell_len


class Wrapper:
    """Breaks the line before a word that would cross the edge; holds back an unfinished word."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._column = 0
        self._word = ""

    def feed(self, text: str) -> str:
        return "".join(self._take(character) for character in text)

    def flush(self) -> str:
        """Return the word that was held back."""
        word, self._word = self._word, ""
        size = cell_len(word)
        crosses = self._column > 0 and self._column + size > self._width
        self._column = size if crosses else self._column + size
        return f"\n{word}" if crosses else word

    def _take(self, character: str) -> str:
        if character == "\n":
            before, self._column = self.flush(), 0
            return before + character
        if character.isspace():
            before = self.flush()
            if self._column >= self._width:  # a space at the edge becomes the line break
                return before
            self._column += 1
            return before + character
        if cell_len(character) > 1:  # Chinese, Japanese and Korean text breaks anywhere
            before, self._word = self.flush(), character
            return before + self.flush()
        self._word += character
        return self.flush() if len(self._word) >= self._width else ""
