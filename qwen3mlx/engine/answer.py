"""Turns the engine's outputs into the events of one answer."""

from __future__ import annotations

import time
from typing import Literal

from ..events import Event, Finished, Prefill, PromptLogprobs, Timings, TokenLogprob, Usage
from ..field_names import own_field_names
from ..text import AnswerStream, Tokenizer
from .loaded import Prepared
from .outputs import ErrorOutput, Output, PrefillOutput, ScoreOutput, StopReason, Token


class AnswerBuilder:
    """Turns outputs into events; `Finished` is the last one.

    A stop string ends the answer here, and the caller then cancels the sequence. `add` raises the
    error of a failed sequence.
    """

    def __init__(self, tokenizer: Tokenizer, prepared: Prepared) -> None:
        self.finished = False
        self._piece = tokenizer.token_bytes
        self._prompt_tokens = len(prepared.prompt_ids)
        self._stop_ids = prepared.stop_ids
        self._field_names = prepared.field_names
        self._stream = AnswerStream(
            tokenizer,
            reasoning=prepared.reasoning,
            tools=prepared.tools,
            stop=prepared.params.stop,
        )
        self._meter = prepared.meter()
        self._clock = _Clock()
        self._cached_tokens = 0
        # The stop token's events, which follow the text held back so far.
        self._ending: list[Event] = []

    @property
    def usage(self) -> Usage:
        """The tokens so far."""
        return Usage(
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._clock.tokens,
            cached_tokens=self._cached_tokens,
            reasoning_tokens=self._meter.num_tokens,
        )

    def add(self, output: Output) -> list[Event]:
        if isinstance(output, PrefillOutput):
            self._cached_tokens = output.cached
            self._clock.prefilled()
            return [Prefill(output.done, output.total)]
        if isinstance(output, Token):
            return self._add_token(output)
        if isinstance(output, ScoreOutput):
            return [PromptLogprobs(tuple(self._logprob(token) for token in output.tokens))]
        if isinstance(output, ErrorOutput):
            self.finished = True
            with own_field_names(self._field_names):
                raise output.error
        return self._finish(output.reason)

    def _add_token(self, token: Token) -> list[Event]:
        self._clock.token()
        self._meter.observe(token.id)
        events: list[Event] = []
        if token.logprob is not None:
            events.append(self._logprob(token))
        if token.id in self._stop_ids:
            self._ending = events
            return []
        events += self._stream.add(token.id)
        if self._stream.stopped:
            events += self._finish("stop")
        return events

    def _finish(self, reason: StopReason) -> list[Event]:
        self.finished = True
        deltas = self._stream.finish(cut_off=reason == "length")
        timings = self._clock.timings(self._prompt_tokens - self._cached_tokens)
        last = Finished(self._reason(reason), self.usage, timings, self._stream.stop_string)
        return [*deltas, *self._ending, last]

    def _reason(self, reason: StopReason) -> Literal["stop", "length", "tool_calls"]:
        """Return the finish reason. A stop string may be found only after the engine ended the
        answer.
        """
        if reason == "length" and not self._stream.stopped:
            return "length"
        called = self._stream.num_tool_calls and not self._stream.inside_call
        return "tool_calls" if called else "stop"

    def _logprob(self, token: Token) -> TokenLogprob:
        top = tuple((token_id, self._piece(token_id), value) for token_id, value in token.top)
        return TokenLogprob(token.id, self._piece(token.id), token.logprob, top)


class _Clock:
    """Records when the first and the last token arrive."""

    def __init__(self) -> None:
        self.tokens = 0
        self._start = self._prefilled = self._first = self._last = time.perf_counter()

    def prefilled(self) -> None:
        self._prefilled = time.perf_counter()

    def token(self) -> None:
        self.tokens += 1
        self._last = time.perf_counter()
        if self.tokens == 1:
            self._first = self._last

    def timings(self, prefill_tokens: int) -> Timings:
        return Timings(
            prefill_s=self._prefilled - self._start,
            ttft_s=self._first - self._start,
            decode_s=self._last - self._first,
            prefill_tokens=prefill_tokens,
            decode_tokens=max(self.tokens - 1, 0),
        )
