"""Texts -> token ids with the `tokenizers` library, in slices that let other threads run.

A slice ends where the text is certain to be split between words, whatever the context: its ids are
the same as within the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from qwen3mlx.errors import InvalidRequestError

from .control_tokens import NONCHARACTERS
from .tokenizer_file import TokenizerFile, faults_as_errors, without_tokens

# Characters. The library takes about ten milliseconds for a slice, and Python as long for its ids.
SLICE = 16_384
# The library needs 60 bytes per character of a piece that cannot be cut.
LONGEST = 2_000_000
# Searching for a cut holds the interpreter lock.
_WINDOW = 65_536
# Normalization joins at most this many characters: a letter and three marks.
_MOST_JOINED = 4

# Letters and digits that no normalization changes in any version of Unicode, and characters that
# are neither and never combine. No word-splitting pattern puts one of these before one of those, or
# a letter after a digit.
_LETTERS = "0-9A-Za-zА-Яа-яぁ-んァ-ヶ一-龥가-힣"
_AFTER_LETTERS = ' \t\r\n,;.()"=、。，；：！？（）「」《》“”　'
_DIGIT_LETTER = "(?<=[0-9])(?=[A-Za-z])"  # long runs without a blank, such as base64, contain many
_BEFORE_BLANK = rf"[^\s{''.join(NONCHARACTERS)}]"


class Encoder:
    """`least` gives a lower bound of a text's tokens; `ids` gives the ids of a slice.

    `control_ids` are added tokens that `plain_ids` reads as text.
    """

    def __init__(self, file: TokenizerFile, control_ids: Collection[int]) -> None:
        self._file = file
        self._texts, self._renumbered = without_tokens(file.backend, control_ids)
        self._cut = _cut(file) if file.vocabulary.cuts_words else None

    def least(self, text: str) -> int:
        """Return a lower bound of the tokens of `text`, however it is split."""
        return len(text) // (self._file.longest * (1 if text.isascii() else _MOST_JOINED))

    def slices(self, text: str) -> Iterator[str]:
        """Split `text` into pieces that can be encoded independently.

        Raises InvalidRequestError for a piece that would take the library too much memory.
        """
        start = 0
        for cut in chain(self._cuts(text), [len(text)]):
            if cut - start > LONGEST:
                raise InvalidRequestError(
                    f"A text has {cut - start:,} characters in a row without a place to cut them, "
                    f"such as a blank between words; the limit is {LONGEST:,}: break it up."
                )
            if cut > start:
                yield text[start:cut]
            start = cut

    def ids(self, text: str) -> list[int]:
        """Encode; added tokens in the text are recognized as such. Raises CheckpointError."""
        with faults_as_errors(self._file.path):
            # The library's only call that releases the interpreter lock.
            (encoding,) = self._file.backend.encode_batch_fast(
                [_unicode(text)], add_special_tokens=False
            )
        ids: list[int] = encoding.ids
        return ids

    def plain_ids(self, text: str) -> list[int]:
        """Encode; control tokens in the text are plain text."""
        with faults_as_errors(self._file.path):
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
    """Return a cut after a letter or digit, or before a blank; never inside an added token.

    Returns None where an added token absorbs the blanks around it.
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
    """Join surrogate pairs and replace lone surrogates: the library accepts only valid Unicode."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
