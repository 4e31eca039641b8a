"""The common parts of the replies of chat and text completions."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from ..... import __version__
from .....events import Event, Finished, PromptLogprobs, TokenLogprob, Usage
from ....json_text import Json
from .logprobs import prompt_logprobs
from .usage import timings_json, usage_json


class ReplyOptions(NamedTuple):
    """`num_choices` is prompts times `num_answers`. `include_usage` adds a last chunk with usage.

    `logprobs` are those of the answer's tokens, with `top_logprobs` alternatives; `prompt_logprobs`
    is the number of alternatives for the prompt's tokens. `running_usage` returns the tokens so
    far, for every chunk. `custom_tools` are the names of tools that take one text.
    """

    model: str
    num_choices: int = 1
    num_answers: int = 1
    logprobs: bool = False
    top_logprobs: int = 20
    prompt_logprobs: int | None = None
    include_usage: bool = False
    running_usage: Callable[[], Sequence[Usage]] | None = None
    show_reasoning: bool = True
    load_time_s: float | None = None
    custom_tools: Collection[str] = ()


class Reply(ABC):
    """Turns the events of all choices, in the order they arrive, into one reply.

    `add` returns the chunks of a stream; `whole` is the same as one JSON object, once all choices
    have finished.
    """

    id_prefix: str
    whole_object: str
    chunk_object: str

    def __init__(self, options: ReplyOptions) -> None:
        self.options = options
        self._id = self.id_prefix + os.urandom(12).hex()
        self._created = int(time.time())
        self._finished: dict[int, Finished] = {}
        self._scores: dict[int, list[TokenLogprob]] = {}  # of each choice's prompt

    def add(self, index: int, event: Event) -> list[Json]:
        """The chunks for an event of choice number `index`."""
        if isinstance(event, Finished):
            self._finished[index] = event
        elif isinstance(event, PromptLogprobs):
            self._scores.setdefault(index, []).extend(event.tokens)
            event = PromptLogprobs(tuple(map(self._asked, event.tokens)))
        elif isinstance(event, TokenLogprob):
            event = self._asked(event)
        chunks = [self._chunk([choice]) for choice in self.choice_chunks(index, event)]
        if chunks and len(self._finished) == self.options.num_choices:
            chunks[-1]["timings"] = self._timings()
        return chunks

    def last(self) -> list[Json]:
        """The chunk after the last choice, if one was requested."""
        return [{**self._chunk([]), "usage": self._usage()}] if self.options.include_usage else []

    def whole(self) -> Json:
        choices = [self.whole_choice(index) for index in range(self.options.num_choices)]
        return {
            **self._head(self.whole_object),
            "choices": choices,
            "usage": self._usage(),
            "timings": self._timings(),
        }

    @abstractmethod
    def choice_chunks(self, index: int, event: Event) -> list[Json]:
        """The members of a chunk's `choices` for `event`."""

    @abstractmethod
    def whole_choice(self, index: int) -> Json:
        """A member of `choices` of the complete reply."""

    def prompt_scores(self, index: int) -> Json:
        """vLLM's `prompt_logprobs` of a choice, if they were requested."""
        top = self.options.prompt_logprobs
        scores = self._scores.get(index, [])
        return {} if top is None else {"prompt_logprobs": prompt_logprobs(scores, top)}

    def _asked(self, token: TokenLogprob) -> TokenLogprob:
        """Drops alternatives that were only requested for the prompt's tokens."""
        return token._replace(top=token.top[: self.options.top_logprobs])

    def _head(self, kind: str) -> Json:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self.options.model,
            "system_fingerprint": f"qwen3mlx-{__version__}",
        }

    def _chunk(self, choices: list[Json]) -> Json:
        return {**self._head(self.chunk_object), "choices": choices, **self._chunk_usage()}

    def _chunk_usage(self) -> Json:
        options = self.options
        if not options.include_usage:
            return {}
        if options.running_usage is None:
            return {"usage": None}
        return {"usage": usage_json(options.running_usage(), options.num_answers)}

    def _in_order(self) -> Sequence[Finished]:
        return [self._finished[index] for index in range(self.options.num_choices)]

    def _usage(self) -> Json:
        return usage_json([one.usage for one in self._in_order()], self.options.num_answers)

    def _timings(self) -> Json:
        options = self.options
        return timings_json(self._in_order(), options.num_answers, options.load_time_s)
