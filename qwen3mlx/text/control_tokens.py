"""Text is data: only what the chat template itself writes can be a control token.

Before rendering, a mark (a character that occurs nowhere in the data) is put into every control
token in the data, and into any fragment of one at the edge of a text, so that neighbouring text
cannot complete it. The template sees plain text, and any control token in its output is its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from qwen3mlx.errors import InvalidRequestError

from .arguments import Arguments

if TYPE_CHECKING:
    from tokenizers import AddedToken

# Unicode's noncharacters: no text needs them, and changing case, trimming and JSON preserve them.
NONCHARACTERS = [
    *map(chr, range(0xFDD0, 0xFDF0)),
    *(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)),
]
_WINDOW = 65_536
_NO_WORD = re.compile(r"[^\w\s]")


class ChatPrompt(NamedTuple):
    """A rendered chat. In `marked`, control tokens that are data contain the `mark`."""

    marked: str
    mark: str

    @property
    def text(self) -> str:
        """The text as the template writes it."""
        return self.marked.replace(self.mark, "")


class ControlTokens:
    """The added tokens that mean more than their text; `ids` are their ids.

    An added token that is a plain word counts as vocabulary, unless it is declared special.
    """

    def __init__(self, added: Mapping[int, AddedToken]) -> None:
        control = {token_id: token for token_id, token in added.items() if _is_control(token)}
        self.ids = list(control)
        self._by_name = {token.content: (token_id, token) for token_id, token in control.items()}
        names = list(self._by_name)
        self._own = re.compile(any_of(names))
        # A template may change the case of its input. Only the first character is matched, so that
        # a token that begins inside another is not missed.
        firsts = {name[0] for name in names}
        rests = {first: [name[1:] for name in names if name[0] == first] for first in firsts}
        self._in_data = _alternatives(
            (f"{re.escape(first)}(?={any_of(rests[first])})" for first in sorted(firsts)),
            re.IGNORECASE,
        )
        self._longest = max(map(len, names), default=0)
        self._edges = _Edges(name.lower() for name in names)

    def pieces(self, prompt: ChatPrompt) -> Iterator[int | str]:
        """Split the prompt into ids of control tokens and the texts between them, without marks."""
        text, end = prompt.marked, 0
        for match in self._own.finditer(text):
            token_id, token = self._by_name[match[0]]
            start, stop = match.span()
            if token.single_word and _is_within_word(text, start, stop):
                continue
            if token.lstrip:
                start = max(end, len(text[:start].rstrip()))
            if start > end:
                yield text[end:start].replace(prompt.mark, "")
            yield token_id
            end = len(text) - len(text[stop:].lstrip()) if token.rstrip else stop
        if end < len(text):
            yield text[end:].replace(prompt.mark, "")

    def mark_for(self, data: Any) -> str:
        """Return a character that occurs in no text of `data`. Raises InvalidRequestError."""
        try:
            texts = list(_texts(data))
        except RecursionError:
            raise InvalidRequestError(
                "messages, tools or chat_template_kwargs are nested too deeply.", param="messages"
            ) from None
        for mark in NONCHARACTERS:
            if not any(mark in text for text in texts):
                return mark
        raise InvalidRequestError(
            "messages contain all 66 Unicode noncharacters: remove one of them.", param="messages"
        )

    def protect(self, value: Any, mark: str) -> Any:
        """Return a copy of JSON data with `mark` in every control token, and in fragments at the
        edges.
        """
        if isinstance(value, str):
            return self._protect_text(value, mark)
        if isinstance(value, Arguments):
            return Arguments(self._protect_members(value, mark), self.protect(value.text, mark))
        if isinstance(value, Mapping):
            return self._protect_members(value, mark)
        if isinstance(value, (list, tuple)):
            return [self.protect(item, mark) for item in value]
        return value

    def _protect_members(self, value: Mapping[Any, Any], mark: str) -> dict[Any, Any]:
        return {self.protect(key, mark): self.protect(item, mark) for key, item in value.items()}

    def _protect_text(self, text: str, mark: str) -> str:
        if not self._edges.may_hold_some(text):
            return text
        places = self._edges.places(text)
        # Searching a window holds the interpreter lock.
        for start in range(0, len(text), _WINDOW):
            end = start + _WINDOW
            found = self._in_data.finditer(text, start, end + self._longest)
            places |= {match.start() + 1 for match in found if match.start() < end}
        cuts = sorted(places)
        pieces = zip([0, *cuts], [*cuts, len(text)], strict=True)
        return mark.join(text[start:end] for start, end in pieces)


class _Edges:
    """Finds fragments of control tokens at the edges of a text, which its neighbours could
    complete.
    """

    def __init__(self, names: Iterable[str]) -> None:
        names = list(names)
        self._longest = max(map(len, names), default=0)
        self._beginnings = {name[:size] for name in names for size in range(1, len(name))}
        self._endings = {name[-size:] for name in names for size in range(1, len(name))}
        self._insides = "\n".join(name[1:-1] for name in names)
        ends = {character for name in names for character in (name[0], name[-1])}
        marks = {character for name in names for character in _NO_WORD.findall(name)}
        self._telling = _alternatives(map(re.escape, sorted(ends | marks)), re.IGNORECASE)

    def may_hold_some(self, text: str) -> bool:
        """A single scan that returns False for most texts."""
        return self._telling.search(text) is not None

    def places(self, text: str) -> set[int]:
        """Return where to put a mark in each fragment. Templates trim, so blanks at the edges are
        skipped.
        """
        end = len(text.rstrip())
        start = len(text) - len(text.lstrip())
        sizes = range(1, min(self._longest, end - start + 1))
        places = {end - n + 1 for n in sizes if text[end - n : end].lower() in self._beginnings}
        places |= {start + n - 1 for n in sizes if text[start : start + n].lower() in self._endings}
        if end - start < self._longest and self._is_inside(text[start:end].lower()):
            places.add(start + 1)
        return places

    def _is_inside(self, text: str) -> bool:
        """Return whether the text could be the middle of a control token.

        Plain words are excluded: templates compare them (`type`, `name`), and may make control
        tokens of them.
        """
        return _NO_WORD.search(text) is not None and text in self._insides


def _is_control(token: AddedToken) -> bool:
    return len(token.content) > 1 and (token.special or _NO_WORD.search(token.content) is not None)


def _alternatives(patterns: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or "(?!)", flags)


def any_of(names: Iterable[str]) -> str:
    """Return a pattern for the longest match, which takes the same time for few and for many."""
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for character in name:
            node = node.setdefault(character, {})
        node[""] = {}  # a token ends here
    return _pattern(tree) if tree else "(?!)"


def _pattern(node: Mapping[str, Any]) -> str:
    ways = [re.escape(c) + _pattern(rest) for c, rest in node.items() if c]
    if "" in node:
        return f"(?:{'|'.join(ways)})?" if ways else ""
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _is_within_word(text: str, start: int, stop: int) -> bool:
    around = text[max(0, start - 1) : start] + text[stop : stop + 1]
    return any(character.isalnum() or character == "_" for character in around)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        if isinstance(value, Arguments):
            yield value.text
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
