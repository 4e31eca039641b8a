"""Events of answers -> OpenAI's text completion and its chunks."""

from __future__ import annotations

from collections.abc import Sequence

from .....events import Event, Finished, PromptLogprobs, TokenLogprob
from .....text import Content
from ....json_text import Json
from .logprobs import TextTokens, text_logprobs
from .reply import Reply, ReplyOptions


class CompletionReply(Reply):
    """`echoes` are the texts of the prompts to start the answers with, one for each choice.

    With logprobs, an answer that starts with its prompt has those of all tokens: the prompt's, and
    also those of the completion that are not text, such as the end of the turn.
    """

    id_prefix = "cmpl-"
    whole_object = "text_completion"
    chunk_object = "text_completion"

    def __init__(self, options: ReplyOptions, echoes: Sequence[str] | None = None) -> None:
        super().__init__(options)
        texts = echoes or [""] * options.num_choices
        scores = options.logprobs and echoes is not None
        self._choices = [
            _Choice(index, options.logprobs, text, scores_prompt=scores)
            for index, text in enumerate(texts)
        ]

    def choice_chunks(self, index: int, event: Event) -> list[Json]:
        return self._choices[index].add(event)

    def whole_choice(self, index: int) -> Json:
        return {**self._choices[index].whole(), **self.prompt_scores(index)}


class _Choice:
    def __init__(self, index: int, logprobs: bool, echo: str, *, scores_prompt: bool) -> None:
        self._index = index
        self._text_tokens = TextTokens() if logprobs else None
        self._echo = echo
        self._prompt: list[TokenLogprob] = []
        self._scores_prompt = scores_prompt
        self._pieces: list[str] = []
        self._length = 0
        self._logprobs = text_logprobs([], 0)
        self._finish_reason: str | None = None

    def add(self, event: Event) -> list[Json]:
        if isinstance(event, PromptLogprobs):
            self._prompt += event.tokens if self._scores_prompt else ()
            return []
        if isinstance(event, TokenLogprob) and self._text_tokens:
            self._text_tokens.add(event)
            return []
        if isinstance(event, Content):
            begin = self._begin()
            tokens = self._text_tokens.take(event.text) if self._text_tokens else []
            return [*begin, self._chunk(event.text, tokens)]
        if isinstance(event, Finished):
            begin = self._begin()
            self._finish_reason = event.finish_reason
            rest = self._text_tokens.rest() if self._text_tokens and self._scores_prompt else []
            return [*begin, self._chunk("", rest)]
        return []

    def whole(self) -> Json:
        return {
            "index": self._index,
            "text": "".join(self._pieces),
            "logprobs": self._logprobs if self._text_tokens else None,
            "finish_reason": self._finish_reason,
        }

    def _begin(self) -> list[Json]:
        echo, self._echo = self._echo, ""
        prompt, self._prompt = self._prompt, []
        return [self._chunk(echo, prompt)] if echo or prompt else []

    def _chunk(self, text: str, tokens: Sequence[TokenLogprob]) -> Json:
        logprobs = None
        if self._text_tokens and (text or tokens):
            logprobs = text_logprobs(tokens, self._length)
            for name, values in logprobs.items():
                self._logprobs[name] += values
        self._pieces.append(text)
        self._length += len(text)
        return {
            "index": self._index,
            "text": text,
            "logprobs": logprobs,
            "finish_reason": self._finish_reason,
        }
