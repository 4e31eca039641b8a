"""Split streamed markdown into finished blocks and an open remainder."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")

_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s")


class BlockSplitter:
    """Takes text in pieces of any size; returns each block once no further text can belong to it.

    A block ends at an empty line outside a code fence, unless the next line is indented or
    continues a list. The blocks and the remainder, joined, are the text.
    """

    def __init__(self) -> None:
        self.rest = ""
        self._line_start = 0  # offset of the first line in `rest` that has not been examined
        self._fence = ""
        self._blank_before = False

    def feed(self, text: str) -> list[str]:
        self.rest += text
        blocks = []
        while (end := self.rest.find("\n", self._line_start)) >= 0:
            block = self._take_line(self.rest[self._line_start : end], end + 1)
            if block is not None:
                blocks.append(block)
        return blocks

    def _take_line(self, line: str, line_end: int) -> str | None:
        block = None
        if self._blank_before and line.strip() and not self._goes_on(line):
            block, self.rest = self.rest[: self._line_start], self.rest[self._line_start :]
            line_end -= len(block)
        self._track_fence(line)
        self._blank_before = not self._fence and (not line.strip())
        self._line_start = line_end
        return block

    def _goes_on(self, line: str) -> bool:
        """Return whether a line continues the block: indented lines and list items may belong to a
        list.
        """
        return line[0].isspace() or bool(_ITEM.match(line) and _ITEM.match(self.rest))

    def _track_fence(self, line: str) -> None:
        match = _FENCE.match(line)
        if not match:
            return
        if not self._fence:
            self._fence = match[1]
        elif match[1].startswith(self._fence) and not line.strip().strip(self._fence[0]):
            self._fence = ""


def tail(block: str, max_lines: int) -> str:
    """Return the last lines of an open block, plus the opening fence if it is a code block."""
    lines = block.splitlines()
    if len(lines) <= max_lines:
        return block
    shown = lines[-max_lines:]
    return "\n".join([lines[0], *shown[1:]] if _FENCE.match(lines[0]) else shown)
