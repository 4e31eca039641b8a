"""Grammars compiled for a vocabulary, with llguidance: too slow for the engine's thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import CheckpointError, InvalidRequestError

if TYPE_CHECKING:
    from llguidance import LLMatcher

# A state takes 1 to 2 kB: this is what the grammar of one request may grow to.
_MAX_LEXER_STATES = 50_000


class GrammarTokenizer:
    """What grammars need to know of a vocabulary; about half a second of work for Qwen3's.

    `token_bytes` has the bytes of each id, b"" for the rows of the embedding that stand for none:
    its length is the width of the masks. `marker_ids` are tokens that are no text (`<tool_call>`):
    a grammar must ask for them by id. `encode` turns text into ids.
    """

    def __init__(
        self,
        token_bytes: Sequence[bytes],
        *,
        marker_ids: Collection[int],
        stop_ids: Collection[int],
        encode: Callable[[str], list[int]],
    ) -> None:
        from llguidance import LLTokenizer, TokenizerWrapper

        self.vocab_size = len(token_bytes)
        ends = sorted(token_id for token_id in stop_ids if token_id < self.vocab_size)
        if not ends:
            raise CheckpointError(
                "The checkpoint names no token that ends an answer (eos_token_id): an answer that "
                "follows a grammar would have no end."
            )
        words = _Vocabulary(token_bytes, marker_ids, ends[0], encode)
        self.backend = LLTokenizer(TokenizerWrapper(words), eos_token=ends)
        self.token_bytes = token_bytes
        self.marker_ids = frozenset((*marker_ids, *ends))
        self._closing: dict[str, frozenset[int]] = {}
        self.newlines = {i: len(t) for i, t in enumerate(token_bytes) if t in (b"\n", b"\n\n")}
        self.text_mask = self._mask_of_text(token_bytes, ends)

    def closing(self, end: str) -> frozenset[int]:
        """Tokens that begin with `end`, which closes an array or an object, and blanks."""
        if end not in self._closing:
            stripped = ((i, token.lstrip()) for i, token in enumerate(self.token_bytes) if token)
            first = (end.encode(), b"")
            self._closing[end] = frozenset(i for i, token in stripped if token[:1] in first)
        return self._closing[end]

    def _mask_of_text(self, token_bytes: Sequence[bytes], stop_ids: Sequence[int]) -> bytes:
        """All tokens but those that end the answer, and those that are none."""
        mask = bytearray(self.mask_size)
        for token_id, token in enumerate(token_bytes):
            mask[token_id // 8] |= bool(token) << token_id % 8
        for token_id in stop_ids:
            mask[token_id // 8] &= ~(1 << token_id % 8)
        return bytes(mask)

    @property
    def mask_size(self) -> int:
        """Bytes of a mask: a bit for each id, in whole words of 32 bits."""
        return (self.vocab_size + 31) // 32 * 4


class _Vocabulary:
    """The form in which `TokenizerWrapper` takes a tokenizer."""

    bos_token_id = None

    def __init__(
        self,
        token_bytes: Sequence[bytes],
        marker_ids: Collection[int],
        eos_token_id: int,
        encode: Callable[[str], list[int]],
    ) -> None:
        known_markers = [i for i in marker_ids if i < len(token_bytes) and token_bytes[i]]
        self.tokens = token_bytes
        self.special_token_ids = known_markers
        self.eos_token_id = eos_token_id
        self._encode = encode
        markers = "|".join(re.escape(token_bytes[i].decode()) for i in known_markers)
        self._inside_marker = re.compile(f"(?<=(?=(?:{markers})).)" if markers else "(?!)", re.S)
        self._byte_ids = {
            token[0]: token_id
            for token_id, token in enumerate(token_bytes)
            if len(token) == 1 and token_id not in known_markers
        }

    def __call__(self, text: str) -> list[int]:
        """Tokens for text that a grammar leaves no choice about: never a marker, always exact.

        A tokenizer reads markers out of plain text, and Qwen's composes Unicode (NFC).
        """
        pieces = self._inside_marker.split(text)
        ids = [token_id for piece in pieces for token_id in self._encode(piece)]
        exact = text.encode()
        if b"".join(self.tokens[token_id] for token_id in ids) == exact:
            return ids
        return [self._byte_ids[byte] for byte in exact]


class Grammar:
    """A compiled grammar; many answers can follow it at once, each with a matcher of its own.

    `lark` is enforced from the answer's start; with `trigger_id` only behind that token, each time
    it comes (`repeats`), or once. `fields` names the request's field behind a rule, `param` that of
    all of it. Raises `InvalidRequestError` for what cannot be followed.
    """

    def __init__(
        self,
        tokenizer: GrammarTokenizer,
        lark: str,
        *,
        fields: Mapping[str, str],
        trigger_id: int | None = None,
        repeats: bool = False,
    ) -> None:
        from llguidance import LLMatcher, LLParserLimits

        self.tokenizer = tokenizer
        self.param = next(iter(fields.values())).partition("[")[0]
        self.trigger_id = trigger_id
        self.repeats = repeats
        limits = LLParserLimits(max_lexer_states=_MAX_LEXER_STATES, verbose_errors=False)
        self._matcher = LLMatcher(tokenizer.backend, lark, log_level=0, limits=limits)
        # Some faults show in the first mask only: an endless $ref among them.
        self._matcher.compute_bitmask()
        if self._matcher.is_error():
            raise _refusal(self._matcher.get_error(), lark, fields)

    def matcher(self) -> LLMatcher:
        """A new one, at the grammar's start."""
        return self._matcher.deep_copy()


def _refusal(error: str, lark: str, fields: Mapping[str, str]) -> InvalidRequestError:
    """The library's message starts with the place, `at 3(4): `, and ends with an excerpt.

    What stands at the place may go on over several lines; its rule is the last one begun.
    """
    field = next(iter(fields.values())).partition("[")[0]
    if place := re.match(r"(?:at )?(\d+)\(", error):
        rules = [line.partition(":")[0] for line in lark.splitlines()[: int(place[1])]]
        field = next((fields[rule] for rule in reversed(rules) if rule in fields), field)
    return InvalidRequestError(f"{field} cannot be enforced: {reason(error)}.", param=field)


def reason(error: str) -> str:
    """The library's message without the places and the excerpts, on one line."""
    text = re.split(r"\n +\d+ \||<non-verbose/>", error)[0]
    text = re.sub(r"^(?:(?:at )?\d+\(\d+\): )+|failed to compile JSON schema: ", "", text)
    text = " ".join(text.split()).rstrip(".")
    if text == "NoExtensionBias":
        text = "no answer satisfies it"
    return text if len(text) <= 200 else text[:200] + "..."
