"""Which tokens the text of an answer is made of, and OpenAI's two shapes for their logprobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...events import TokenLogprob

# JSON has no infinity; OpenAI writes this for a token that cannot come.
_IMPOSSIBLE = -9999.0
# Each is one token of Qwen3's; what comes before it is no part of the text behind it.
_MARKERS = (b"<think>", b"</think>", b"<tool_call>", b"</tool_call>")


class TextTokens:
    """Finds the tokens behind each piece of content: the stream has them before it, in order.

    Thinking, tool calls, markers, stop strings and the end of the turn are tokens, too, but no
    content: theirs are left out. A token that begins in one piece and ends in the next belongs to
    the first.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[TokenLogprob | None, bytes]] = []

    def add(self, token: TokenLogprob) -> None:
        self._pending.append((token, token.token))

    def take(self, text: str) -> list[TokenLogprob]:
        """The tokens of this piece of content, which have not been taken before."""
        wanted = text.encode("utf-8", "replace")
        pending = b"".join(piece for _, piece in self._pending)
        position = pending.find(wanted, self._behind_marker())
        if position < 0:  # the marker itself is content
            position = pending.find(wanted)
        if position < 0:  # bytes that are no UTF-8 were replaced: it is all of what came
            return self._cut(0, len(pending))
        return self._cut(position, position + len(wanted))

    def skip(self) -> None:
        """Thinking or a tool call came: what led there is no content."""
        self._pending = []

    def _behind_marker(self) -> int:
        offset = behind = 0
        for _, piece in self._pending:
            offset += len(piece)
            behind = offset if piece in _MARKERS else behind
        return behind

    def _cut(self, start: int, end: int) -> list[TokenLogprob]:
        taken, left, offset = [], [], 0
        for token, piece in self._pending:
            piece_start, offset = offset, offset + len(piece)
            if offset > end:
                begun = piece_start < end
                left.append((None if begun else token, piece[max(end - piece_start, 0) :]))
            if token and piece_start < end and offset > start:
                taken.append(token)
        self._pending = left
        return taken


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
    """`choices[].logprobs` of text completions; `offset` is where the first token begins.

    Offsets count characters; the bytes of a character that spans tokens all begin where it does.
    """
    offsets, seen = [], b""
    for token in tokens:
        offsets.append(offset + len(seen.decode("utf-8", "ignore")))
        seen += token.token
    return {
        "tokens": [token_text(token.token) for token in tokens],
        "token_logprobs": [_finite(token.logprob) for token in tokens],
        "top_logprobs": [
            {token_text(piece): _finite(logprob) for _, piece, logprob in token.top}
            for token in tokens
        ],
        "text_offset": offsets,
    }


def token_text(token: bytes) -> str:
    r"""A token that is part of a character is written as OpenAI does: `\xe4\xbd`."""
    return token.decode("utf-8", "backslashreplace")


def _entry(token: bytes, logprob: float) -> dict[str, Any]:
    return {"token": token_text(token), "logprob": _finite(logprob), "bytes": list(token)}


def _finite(logprob: float) -> float:
    return max(logprob, _IMPOSSIBLE)
