"""What a chat and a text completion have in common on the way out."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ..... import __version__
from .....events import Event, Finished, PromptLogprobs, TokenLogprob, Usage
from ....json_text import Json
from .logprobs import prompt_logprobs
from .usage import timings_json, usage_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyOptions:
    """`num_choices` is prompts times `num_answers`. `include_usage` adds a last chunk for it.

    `logprobs` are of the answer's tokens, with `top_logprobs` others; `prompt_logprobs` says with
    how many those of the prompt are told. `running_usage` tells the tokens so far, for every chunk.
    `show_reasoning`: thoughts are sent. `custom_tools` are the names of tools that take one text.
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
    """One reply, fed with the events of all its choices in the order they come.

    `add` gives the chunks of a stream; `whole` is the same as one JSON object, once all choices are
    finished.
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
        """The chunks that this event of choice number `index` brings."""
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
        """The chunk behind the last choice, if one was asked for."""
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
        """The members of a chunk's `choices` that `event` makes."""

    @abstractmethod
    def whole_choice(self, index: int) -> Json:
        """A member of `choices` of the whole reply."""

    def prompt_scores(self, index: int) -> Json:
        """vLLM's `prompt_logprobs` of a choice, where they were asked for."""
        top = self.options.prompt_logprobs
        scores = self._scores.get(index, [])
        return {} if top is None else {"prompt_logprobs": prompt_logprobs(scores, top)}

    def _asked(self, token: TokenLogprob) -> TokenLogprob:
        """Where the prompt's tokens have more alternatives, the answer's have as many."""
        return replace(token, top=token.top[: self.options.top_logprobs])

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
