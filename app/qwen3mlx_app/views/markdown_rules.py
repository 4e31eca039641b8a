"""Markdown as models write it: CommonMark, tables, and what is usual beside them.

Maths, bare URLs, footnotes, `<br>`, `<sub>` and `<sup>`, and emphasis next to Chinese punctuation.
Every rule takes time linear in the text, and HTML is text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ..services.links import is_safe
from .formulas import with_formulas
from .tex import displayed, formula, is_formula, spans

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# Chinese, Japanese and Korean, with their punctuation.
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_TAG = re.compile(r"<(sub|sup)>([^<>\n]{1,200})</\1>|<br ?/?>", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[(\^[^\[\]\s]{1,50})\]")
# Only ASCII: what follows in Chinese is not part of the address.
_URL = re.compile(r"(?<![\w/.])(?:https?://|www\.)[\w.~:/?#\[\]@!$&'()*+,;=%-]{3,2000}", re.ASCII)
_TRAILING = re.compile(r"[.,:;!?'*_~\]]+$")


@cache
def parser() -> MarkdownIt:
    """The parser of one block."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    made.enable(["table", "strikethrough"]).disable(["image", "reference"])
    made.validateLink = is_safe  # type: ignore[method-assign]
    with_formulas(made)
    made.inline.ruler.before("escape", "maths", _maths)
    made.inline.ruler.before("link", "footnote", _footnote)
    made.inline.ruler.before("html_inline", "tag", _tag)
    made.inline.ruler.at("emphasis", _emphasis)
    made.core.ruler.push("addresses", _addresses)
    made.add_render_rule("maths", _render_maths)
    made.add_render_rule("formula", _render_formula)
    return made


def _maths(state: StateInline, silent: bool) -> bool:
    """A formula in a line. Where each one ends is found once for the whole text."""
    if state.src[state.pos] not in "$\\":
        return False
    known = state.env.get("maths")
    if known is None or known[0] is not state.src:
        found = {start: (opening, end) for start, opening, end in spans(state.src)}
        known = state.env["maths"] = (state.src, found)
    span = known[1].get(state.pos)
    if span is None:
        return False
    opening, end = span
    source = state.src[state.pos + len(opening) : end]
    if end + len(opening) > state.posMax or not is_formula(source):
        return False
    if not silent:
        state.push("maths", "", 0).content = source
    state.pos = end + len(opening)
    return True


def _render_maths(self: object, tokens: list[Token], place: int, *_: object) -> str:
    return formula(tokens[place].content)


def _render_formula(self: object, tokens: list[Token], place: int, *_: object) -> str:
    return displayed(tokens[place].content)


def _tag(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<" or not (found := _TAG.match(state.src, state.pos)):
        return False
    if not silent:
        if found[1] is None:
            state.push("hardbreak", "br", 0)
        else:
            name = found[1].lower()
            state.push(f"{name}_open", name, 1)
            state.push("text", "", 0).content = found[2]
            state.push(f"{name}_close", name, -1)
    state.pos = found.end()
    return True


def _footnote(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[" or not (found := _FOOTNOTE.match(state.src, state.pos)):
        return False
    if found[1] not in state.env.get("footnotes", ()):
        return False
    if not silent:
        state.push("sup_open", "sup", 1)
        state.push("text", "", 0).content = found[1][1:]
        state.push("sup_close", "sup", -1)
    state.pos = found.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Emphasis as in CommonMark, but CJK characters end words, as spaces do elsewhere.

    https://github.com/tats-u/markdown-cjk-friendly/blob/main/specification.md
    """
    from markdown_it.rules_inline.state_inline import Delimiter

    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    can_open, can_close = scanned.can_open, scanned.can_close
    if marker == "*":
        before = state.src[state.pos - 1 : state.pos]
        after = state.src[state.pos + scanned.length : state.pos + scanned.length + 1]
        can_open = can_open or bool(_CJK.match(before) and after.strip())
        can_close = can_close or bool(_CJK.match(after) and before.strip())
    for _ in range(scanned.length):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=can_open,
                close=can_close,
            )
        )
    state.pos += scanned.length
    return True


def _addresses(state: StateCore) -> None:
    """Make links of bare URLs."""
    for token in state.tokens:
        if token.children and ("://" in token.content or "www." in token.content):
            token.children = _linked(token.children)


def _linked(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        found += [token] if depth or token.type != "text" else _with_links(token)
    return found


def _with_links(token: Token) -> list[Token]:
    from markdown_it.token import Token

    found: list[Token] = []

    def add(kind: str, tag: str = "", nesting: int = 0, content: str = "", **attrs: str) -> None:
        made = Token(kind, tag, nesting, content=content, level=token.level)  # type: ignore[arg-type]
        made.attrs = {**attrs}
        found.append(made)

    end = 0
    for match in _URL.finditer(token.content):
        url = _trimmed(match[0])
        href = url if "://" in url else f"https://{url}"
        if is_safe(href):
            add("text", content=token.content[end : match.start()])
            add("link_open", "a", 1, href=href)
            add("text", content=url)
            add("link_close", "a", -1)
            end = match.start() + len(url)
    add("text", content=token.content[end:])
    return found


def _trimmed(url: str) -> str:
    """Without the punctuation of the sentence, and without a bracket that opened before it."""
    while True:
        shorter = _TRAILING.sub("", url)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter
