"""Displayed formulas as blocks of Markdown: their lines may look like lists and headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

# The most lines of a formula.
MAX_LINES = 60
_OPENING = re.compile(r"\$\$|\\\[|\\begin\{(\w{1,20}\*?)\}")


def with_formulas(parser: MarkdownIt) -> MarkdownIt:
    """Add the rule to a parser. A formula that nothing closes is a paragraph."""
    interrupts = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "formula", _formula, interrupts)  # type: ignore[arg-type]
    return parser


def _formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula in lines of its own, up to its closing mark or an empty line."""
    if state.is_code_block(start):
        return False
    lines = [_line(state, start)]
    opening = _OPENING.match(lines[0])
    if opening is None:
        return False
    closing = {"$$": "$$", "\\[": "\\]"}.get(opening[0], f"\\end{{{opening[1]}}}")
    rest = lines[0][opening.end() :]
    is_closed = rest.endswith(closing)
    if closing in rest.removesuffix(closing):
        return False  # text goes on after it
    line = start + 1
    while not is_closed and line < min(end, start + MAX_LINES):
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            break
        lines.append(_line(state, line))
        is_closed = lines[-1].endswith(closing)
        line += 1
    if silent:
        return True
    state.line = line
    source = "\n".join(lines)
    if is_closed:
        token = state.push("formula", "", 0)
        token.content = source if opening[1] else source[2:-2]
        token.map = [start, line]
        return True
    state.push("paragraph_open", "p", 1).map = [start, line]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = source, [start, line], []
    state.push("paragraph_close", "p", -1)
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
