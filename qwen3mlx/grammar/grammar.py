"""Compile grammars for a vocabulary with llguidance, which is too slow for the engine's thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import CheckpointError, InvalidRequestError

if TYPE_CHECKING:
    from llguidance import LLMatcher

# A state takes 1 to 2 kB; this limits the grammar of one request.
_MAX_LEXER_STATES = 50_000


class GrammarTokenizer:
    """The vocabulary in the form that grammars need; building it for Qwen3 takes half a second.

    `token_bytes` has the bytes of each id, b"" for embedding rows without a token: its length is
    the width of the masks. `marker_ids` are tokens that are not text (`<tool_call>`): a grammar
    must request them by id. `encode` turns text into ids.
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
                "The checkpoint defines no end token (eos_token_id), so an answer that follows a "
                "grammar could not end."
            )
        words = _Vocabulary(token_bytes, marker_ids, ends[0], encode)
        self.backend = LLTokenizer(TokenizerWrapper(words), eos_token=ends)
        self.token_bytes = token_bytes
        self.marker_ids = frozenset((*marker_ids, *ends))
        self._closing: dict[str, frozenset[int]] = {}
        self.newlines = {i: len(t) for i, t in enumerate(token_bytes) if t in (b"\n", b"\n\n")}
        self.text_mask = self._mask_of_text(token_bytes, ends)

    def closing(self, end: str) -> frozenset[int]:
        """Tokens that consist of `end`, which closes an array or object, followed by blanks."""
        if end not in self._closing:
            stripped = ((i, token.lstrip()) for i, token in enumerate(self.token_bytes) if token)
            first = (end.encode(), b"")
            self._closing[end] = frozenset(i for i, token in stripped if token[:1] in first)
        return self._closing[end]

    def _mask_of_text(self, token_bytes: Sequence[bytes], stop_ids: Sequence[int]) -> bytes:
        """All tokens except end tokens and ids without a token."""
        mask = bytearray(self.mask_size)
        for token_id, token in enumerate(token_bytes):
            mask[token_id // 8] |= bool(token) << token_id % 8
        for token_id in stop_ids:
            mask[token_id // 8] &= ~(1 << token_id % 8)
        return bytes(mask)

    @property
    def mask_size(self) -> int:
        """Bytes of a mask: one bit per id, in whole 32-bit words."""
        return (self.vocab_size + 31) // 32 * 4


class _Vocabulary:
    """A vocabulary in the form that `TokenizerWrapper` expects."""

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
        """Return tokens for text that a grammar leaves no choice about: no markers, always exact.

        A tokenizer recognizes markers in plain text, and Qwen's composes Unicode (NFC).
        """
        pieces = self._inside_marker.split(text)
        ids = [token_id for piece in pieces for token_id in self._encode(piece)]
        exact = text.encode()
        if b"".join(self.tokens[token_id] for token_id in ids) == exact:
            return ids
        return [self._byte_ids[byte] for byte in exact]


class Grammar:
    """A compiled grammar. Many answers can follow it at once, each with its own matcher.

    `lark` is enforced from the answer's start or, with `trigger_id`, only after that token, each
    time it occurs (`repeats`) or once. `fields` maps rules to fields of the request; `param` is the
    field behind the whole grammar. Raises InvalidRequestError for a grammar that cannot be
    followed.
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
        # Some faults, such as an endless $ref, appear only with the first mask.
        self._matcher.compute_bitmask()
        if self._matcher.is_error():
            raise _refusal(self._matcher.get_error(), lark, fields)

    def matcher(self) -> LLMatcher:
        """Return a new matcher, at the grammar's start."""
        return self._matcher.deep_copy()


def _refusal(error: str, lark: str, fields: Mapping[str, str]) -> InvalidRequestError:
    """Return the error. The library's message starts with a position, `at 3(4): `, and ends with an
    excerpt.

    The line at the position may be a continuation; its rule is the last one that began.
    """
    field = next(iter(fields.values())).partition("[")[0]
    if place := re.match(r"(?:at )?(\d+)\(", error):
        rules = [line.partition(":")[0] for line in lark.splitlines()[: int(place[1])]]
        field = next((fields[rule] for rule in reversed(rules) if rule in fields), field)
    return InvalidRequestError(f"{field} cannot be enforced: {reason(error)}.", param=field)


def reason(error: str) -> str:
    """Return the library's message without positions and excerpts, on one line."""
    text = re.split(r"\n +\d+ \||<non-verbose/>", error)[0]
    text = re.sub(r"^(?:(?:at )?\d+\(\d+\): )+|failed to compile JSON schema: ", "", text)
    text = " ".join(text.split()).rstrip(".")
    if text == "NoExtensionBias":
        text = "no answer satisfies it"
    return text if len(text) <= 200 else text[:200] + "..."
