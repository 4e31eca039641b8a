"""The tokens that make up the text of an answer, and OpenAI's two formats of their logprobs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from .....events import TokenLogprob

# OpenAI's logprob of an impossible token: JSON has no infinity.
_IMPOSSIBLE = -9999.0
# The text that the parsers drop between reasoning or a call and the content after it.
_LEFT_OUT = re.compile(r".*?</think>\n{0,2}|.*?</tool_call>", re.DOTALL)


class _Placed(NamedTuple):
    """A token, and the range of the answer's characters that contain any of its bytes."""

    token: TokenLogprob
    begin: int
    end: int


class TextTokens:
    """Finds the tokens of each piece of content; they precede it in the stream, in order.

    Reasoning, tool calls, markers, stop strings and the end of the turn also consist of tokens, but
    are not content, so theirs are skipped. A token that starts in one piece and ends in the next
    belongs to the first.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""  # received, but not yet part of any piece
        self._offset = 0  # where it starts in the answer
        self._tokens: list[_Placed] = []
        self._in_content = False

    def add(self, token: TokenLogprob) -> None:
        begin = self._end
        was_open = self._is_open
        first = self._decode(token.token[:1])
        if was_open and first and (self._is_open or len(first) > 1):
            begin += 1  # its first byte cut off the incomplete character
        self._decode(token.token[1:])
        self._tokens.append(_Placed(token, begin, self._end + self._is_open))

    def take(self, text: str) -> list[TokenLogprob]:
        """The tokens of this piece of content that were not taken before."""
        begin, end = self._find(text)
        taken = [one.token for one in self._tokens if one.begin < end and one.end > begin]
        self._tokens = [one for one in self._tokens if one.begin >= end]
        self._drop(end)
        self._in_content = True
        return taken

    def rest(self) -> list[TokenLogprob]:
        """The remaining tokens, which are not text, such as the end of the turn."""
        rest, self._tokens = [one.token for one in self._tokens], []
        return rest

    def skip(self, thought: str | None = None) -> None:
        """Skip the tokens of a piece of reasoning or, if None, everything up to a tool call."""
        end = self._end if thought is None else self._find(thought)[1]
        self._tokens = [one for one in self._tokens if one.end > end]
        self._drop(end)
        self._in_content = False

    @property
    def _end(self) -> int:
        """The number of complete characters of the answer."""
        return self._offset + len(self._text)

    @property
    def _is_open(self) -> bool:
        """Whether some bytes of the next character have arrived."""
        return bool(self._decoder.getstate()[0])

    def _decode(self, piece: bytes, *, final: bool = False) -> str:
        text = self._decoder.decode(piece, final)
        self._text += text
        return text

    def _find(self, text: str) -> tuple[int, int]:
        """Return where `text` starts and ends in the answer."""
        left_out = None if self._in_content else _LEFT_OUT.match(self._text)
        position = self._text.find(text, left_out.end()) if left_out else -1
        if position < 0:  # the marker itself is content
            position = self._text.find(text)
        if position < 0:  # the answer ended inside a character
            self._decode(b"", final=True)
            position = self._text.find(text)
        begin = self._offset + max(position, 0)
        return begin, begin + len(text)

    def _drop(self, end: int) -> None:
        self._text = self._text[end - self._offset :]
        self._offset = end


def chat_logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    """`choices[].logprobs` of chat completions."""
    content = [
        {
            **_entry(token.token, token.logprob),
            "top_logprobs": [_entry(piece, logprob) for _, piece, logprob in token.top],
        }
        for token in tokens
    ]
    return {"content": content, "refusal": None}


def text_logprobs(tokens: Sequence[TokenLogprob], offset: int) -> dict[str, Any]:
    """Return `choices[].logprobs` of text completions; `offset` is where the first token starts.

    Offsets count characters; all tokens of one character start where it does.
    """
    offsets, seen = [], b""
    for token in tokens:
        offsets.append(offset + len(seen.decode("utf-8", "ignore")))
        seen += token.token
    return {
        "tokens": [token_text(token.token) for token in tokens],
        "token_logprobs": [_finite(token.logprob) for token in tokens],
        "top_logprobs": [None if token.logprob is None else _top(token) for token in tokens],
        "text_offset": offsets,
    }


def prompt_logprobs(tokens: Sequence[TokenLogprob], top: int) -> list[dict[str, Any] | None]:
    """vLLM's format: for each prompt token, the token and the `top` likeliest ones, by id.

    The rank of a token that is not among these is unknown.
    """
    return [None if token.logprob is None else _candidates(token, top) for token in tokens]


def _candidates(token: TokenLogprob, top: int) -> dict[str, Any]:
    likeliest = token.top[:top]
    ranks = {token_id: rank for rank, (token_id, _, _) in enumerate(likeliest, start=1)}
    told = [(token.token_id, token.token, token.logprob), *likeliest]
    return {
        str(token_id): {
            "logprob": _finite(logprob),
            "rank": ranks.get(token_id),
            "decoded_token": token_text(piece),
        }
        for token_id, piece, logprob in told
    }


def token_text(token: bytes) -> str:
    r"""A token that is part of a character is written as in OpenAI's API: `\xe4\xbd`."""
    return token.decode("utf-8", "backslashreplace")


def _top(token: TokenLogprob) -> dict[str, float | None]:
    """The likeliest tokens, and the chosen one even if it is not among them."""
    chosen = (token.token_id, token.token, token.logprob)
    return {token_text(piece): _finite(logprob) for _, piece, logprob in (*token.top, chosen)}


def _entry(token: bytes, logprob: float | None) -> dict[str, Any]:
    return {"token": token_text(token), "logprob": _finite(logprob), "bytes": list(token)}


def _finite(logprob: float | None) -> float | None:
    return None if logprob is None else max(logprob, _IMPOSSIBLE)
