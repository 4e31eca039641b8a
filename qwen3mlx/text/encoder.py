"""Texts -> token ids by the `tokenizers` library, in slices, while other threads go on.

A slice ends where the text is certainly split into words, whatever comes before and after: its ids
are the same as within the whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from qwen3mlx.errors import InvalidRequestError

from .control_tokens import NONCHARACTERS
from .tokenizer_file import TokenizerFile, faults_as_errors, without_tokens

# Characters. The library takes some ten milliseconds for one, and Python as long for its ids.
SLICE = 16_384
# A piece that cannot be cut takes the library 60 bytes for each of its characters.
LONGEST = 2_000_000
# Nothing else runs while Python looks for a cut.
_WINDOW = 65_536
# Normalization joins at most so many characters: a letter and three marks.
_MOST_JOINED = 4

# Letters and digits of all versions of Unicode that no normalization changes, and what is neither
# and joins with nothing. No pattern that splits words has one of these before one of those, nor a
# letter behind a digit.
_LETTERS = "0-9A-Za-zА-Яа-яぁ-んァ-ヶ一-龥가-힣"
_AFTER_LETTERS = ' \t\r\n,;.()"=、。，；：！？（）「」《》“”　'
_DIGIT_LETTER = "(?<=[0-9])(?=[A-Za-z])"  # long runs without a blank, such as base64, have many
_BEFORE_BLANK = rf"[^\s{''.join(NONCHARACTERS)}]"


class Encoder:
    """`least` is a lower bound of a text's tokens; `ids` are those of a slice.

    `control_ids` are added tokens that `plain_ids` takes for text.
    """

    def __init__(self, file: TokenizerFile, control_ids: Collection[int]) -> None:
        self._path = file.path
        self._longest = file.longest
        self._all = file.backend
        self._texts, self._renumbered = without_tokens(file.backend, control_ids)
        self._cut = _cut(file) if file.cuts_words else None

    def least(self, text: str) -> int:
        """Of the tokens of `text`, however it is split."""
        return len(text) // (self._longest * (1 if text.isascii() else _MOST_JOINED))

    def slices(self, text: str) -> Iterator[str]:
        """`text` in pieces that can be encoded each by itself.

        Raises InvalidRequestError for one that would take the library too much memory.
        """
        start = 0
        for cut in chain(self._cuts(text), [len(text)]):
            if cut - start > LONGEST:
                raise InvalidRequestError(
                    f"A text has {cut - start:,} characters in a row with no place to cut them, "
                    f"such as a blank between words; there may be {LONGEST:,}: break it up."
                )
            if cut > start:
                yield text[start:cut]
            start = cut

    def ids(self, text: str) -> list[int]:
        """Added tokens written in it are read as such. Raises CheckpointError."""
        with faults_as_errors(self._path):
            # The only call of the library that lets other threads go on meanwhile.
            (encoding,) = self._all.encode_batch_fast([_unicode(text)], add_special_tokens=False)
        ids: list[int] = encoding.ids
        return ids

    def plain_ids(self, text: str) -> list[int]:
        """Control tokens written in it are text."""
        with faults_as_errors(self._path):
            (encoding,) = self._texts.encode_batch_fast([_unicode(text)], add_special_tokens=False)
        ids: list[int] = encoding.ids
        return [self._renumbered.get(i, i) for i in ids] if self._renumbered else ids

    def _cuts(self, text: str) -> Iterator[int]:
        place = SLICE
        while self._cut is not None and place < len(text):
            found = self._cut.search(text, place, place + _WINDOW)
            if found is not None:
                yield found.start()
            place = place + _WINDOW if found is None else found.start() + SLICE


def _cut(file: TokenizerFile) -> re.Pattern[str] | None:
    """Behind a letter or a digit, or before a blank; never inside of an added token.

    None where an added token takes the blanks around it.
    """
    added = list(file.backend.get_added_tokens_decoder().values())
    if any(token.lstrip or token.rstrip for token in added):
        return None
    contents = [token.content for token in added]
    others = _without(_AFTER_LETTERS, contents)
    places = [f"(?<=[{_LETTERS}])(?=[{re.escape(others)}])"] if others else []
    if " " in others:
        places.append(f"(?<={_BEFORE_BLANK})(?= )")
    if not any(re.search(_DIGIT_LETTER, content) for content in contents):
        places.append(_DIGIT_LETTER)
    return re.compile("|".join(places)) if places else None


def _without(characters: str, contents: Iterable[str]) -> str:
    used = set().union(*contents)
    return "".join(character for character in characters if character not in used)


def _unicode(text: str) -> str:
    """Surrogate pairs joined, lone ones replaced: the library takes nothing that is no Unicode."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
