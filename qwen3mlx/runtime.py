"""A model ready to answer: weights, tokenizer and settings of one checkpoint, and `generate`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from . import hub
from .config import GenerationConfig, LoadOptions, ModelConfig, SamplingParams
from .errors import ContextLengthError, InvalidRequestError, UsageError
from .events import Event, Finished, Prefill, Timings, TokenLogprob, Usage
from .generate import Decoder, Prefilled, PromptCache, ThinkingMeter, Token, TokenStream
from .model import Qwen3, load_model
from .text import (
    AnswerStream,
    Tokenizer,
    load_tokenizer,
    reasoning_start,
    soft_switch,
)

# What Qwen3 tells itself when its thinking budget is used up (from its documentation).
EARLY_STOP = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the "
    "thinking directly now.\n</think>\n\n"
)

Message = Mapping[str, Any]


def load(
    name: str | Path,
    *,
    context_length: int | None = None,
    rope_scaling: Mapping[str, Any] | None = None,
    kv_bits: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Runtime:
    """The model called `name`: `demo`, a folder, an alias, or a hub id that is on disk already.

    `on_progress(done, total)` counts bytes read. Raises ModelNotFoundError, CheckpointError,
    MemoryBudgetError.
    """
    folder = hub.resolve(str(name))
    options = LoadOptions(context_length=context_length, rope_scaling=rope_scaling, kv_bits=kv_bits)
    # The small files first: a broken one is known before gigabytes are read.
    tokenizer = load_tokenizer(folder)
    tokenizer.check_chat_template()
    generation_config = GenerationConfig.from_folder(folder)
    model = load_model(folder, options=options, on_progress=on_progress)
    return Runtime(folder, model, tokenizer, generation_config)


class Runtime:
    """One loaded checkpoint. It answers one request at a time, on the thread that loaded it."""

    def __init__(
        self,
        path: Path,
        model: Qwen3,
        tokenizer: Tokenizer,
        generation_config: GenerationConfig,
    ) -> None:
        self.path = path
        self.model = model
        self.tokenizer = tokenizer
        self.generation_config = generation_config
        self._decoder = Decoder(model)
        self._prompt_cache = PromptCache()
        self._stop_ids = self._default_stop_ids()
        self._thread = threading.get_ident()

    @property
    def config(self) -> ModelConfig:
        return self.model.config

    def generate(
        self,
        messages_or_prompt: Sequence[Message] | str,
        tools: Sequence[Mapping[str, Any]] | None = None,
        *,
        enable_thinking: bool | None = None,
        chat_template_kwargs: Mapping[str, Any] | None = None,
        **sampling: Any,
    ) -> Generator[Event, None, None]:
        """Answer a conversation, or complete a string as it is (no template: for Base models).

        `sampling` are the fields of SamplingParams; None takes the checkpoint's default for the
        mode. Thinking is on unless `enable_thinking` is False, `thinking_budget` is 0, or the last
        soft switch says `/no_think`. Raises InvalidRequestError or ContextLengthError before any
        work, and UsageError on another thread than the one that loaded the model.
        """
        self._check_thread()
        if isinstance(messages_or_prompt, str):
            chat_options = {
                "tools": tools,
                "enable_thinking": enable_thinking,
                "chat_template_kwargs": chat_template_kwargs,
                "thinking_budget": sampling.get("thinking_budget"),
            }
            _refuse_for_completion(chat_options)
            prompt, thinking = messages_or_prompt, False
            start: Literal["auto", "inside", "off"] = "off"
        else:
            if sampling.get("thinking_budget") == 0:
                enable_thinking = False
            template_kwargs = _template_kwargs(chat_template_kwargs or {})
            if enable_thinking is not None:
                template_kwargs["enable_thinking"] = enable_thinking
            prompt = self.tokenizer.apply_chat_template(
                messages_or_prompt, tools=tools, **template_kwargs
            )
            start = reasoning_start(prompt)
            thinking = start != "off" and soft_switch(messages_or_prompt) is not False
        request = self._sampling_params(thinking, sampling)
        prompt_ids = self.tokenizer.encode(prompt)
        max_tokens = self._max_tokens(len(prompt_ids), request)
        answer = AnswerStream(
            self.tokenizer, reasoning=start, parse_tools=bool(tools), stop=request.stop
        )
        meter = ThinkingMeter(
            self.tokenizer.token_id("<think>") if start == "auto" else None,
            self.tokenizer.token_id("</think>"),
            inside=start == "inside",
            budget=request.thinking_budget,
            early_stop_ids=self.tokenizer.encode(EARLY_STOP),
        )
        return self._events(prompt_ids, request, max_tokens, answer, meter)

    def _check_thread(self) -> None:
        """MLX 0.32 binds arrays to the thread that made them; another one would crash at exit."""
        if threading.get_ident() != self._thread:
            raise UsageError(
                "This model was loaded on another thread: load and use it on the same one."
            )

    def _events(
        self,
        prompt_ids: list[int],
        request: SamplingParams,
        max_tokens: int,
        answer: AnswerStream,
        meter: ThinkingMeter,
    ) -> Generator[Event, None, None]:
        clock = _Clock()
        stop_ids = self._stop_ids | set(request.stop_token_ids)
        stream = TokenStream(
            self._decoder,
            prompt_ids,
            request,
            max_tokens=max_tokens,
            stop_ids=stop_ids,
            meter=meter,
            prompt_cache=self._prompt_cache,
        )
        tokens = iter(stream)
        yield Prefill(0, len(prompt_ids))
        try:
            for token in tokens:
                if isinstance(token, Prefilled):
                    clock.prefilled()
                    yield Prefill(token.done, token.total)
                    continue
                clock.token()
                if token.logprob is not None:
                    yield self._token_logprob(token)
                if token.id not in stop_ids:
                    yield from answer.add(token.id)
                if answer.stopped:
                    break
        finally:
            tokens.close()
        yield from answer.finish()
        reason = self._finish_reason(stream, answer)
        usage = Usage(len(prompt_ids), clock.tokens, stream.cached_tokens, meter.num_tokens)
        yield Finished(reason, usage, clock.timings(len(prompt_ids) - stream.cached_tokens))

    def _finish_reason(
        self, stream: TokenStream, answer: AnswerStream
    ) -> Literal["stop", "length", "tool_calls"]:
        if not answer.stopped and stream.finish_reason == "length":
            return "length"
        return "tool_calls" if answer.num_tool_calls else "stop"

    def _token_logprob(self, token: Token) -> TokenLogprob:
        assert token.logprob is not None
        piece = self.tokenizer.token_bytes
        top = tuple((token_id, piece(token_id), logprob) for token_id, logprob in token.top)
        return TokenLogprob(token.id, piece(token.id), token.logprob, top)

    def _default_stop_ids(self) -> frozenset[int]:
        """What the checkpoint names, and the two tokens that end every Qwen3 turn or text."""
        named = (*self.generation_config.eos_token_ids, *self.config.eos_token_ids)
        usual = (self.tokenizer.token_id(t) for t in ("<|im_end|>", "<|endoftext|>"))
        return frozenset((*named, *(token_id for token_id in usual if token_id is not None)))

    def _sampling_params(self, thinking: bool, given: Mapping[str, Any]) -> SamplingParams:
        known = {field.name for field in fields(SamplingParams)}
        if unknown := sorted(set(given) - known):
            raise InvalidRequestError(
                f"{unknown[0]!r} is no sampling option; known are {', '.join(sorted(known))}.",
                param=unknown[0],
            )
        values = {name: value for name, value in given.items() if value is not None}
        if isinstance(values.get("stop"), str):
            values["stop"] = (values["stop"],)
        for name in ("stop", "stop_token_ids"):
            values[name] = _as_tuple(name, values.get(name, ()))
        values["logit_bias"] = self._logit_bias(values.get("logit_bias", {}))
        defaults = self.generation_config.sampling_defaults(thinking=thinking)
        return SamplingParams(**{**defaults, **values})

    def _logit_bias(self, biases: Mapping[Any, float]) -> dict[int, float]:
        """Token ids may come as strings, as JSON's keys do."""
        if not isinstance(biases, Mapping):
            raise InvalidRequestError(
                f"logit_bias is {biases!r}; it must map token ids to numbers.", param="logit_bias"
            )
        result = {}
        for key, bias in biases.items():
            token_id = int(key) if str(key).isascii() and str(key).isdecimal() else -1
            if not 0 <= token_id < self.config.vocab_size:
                raise InvalidRequestError(
                    f"logit_bias names token {key!r}; ids run from 0 to "
                    f"{self.config.vocab_size - 1}.",
                    param="logit_bias",
                )
            result[token_id] = bias
        return result

    def _max_tokens(self, prompt_tokens: int, request: SamplingParams) -> int:
        """What the request asks for, within what the context leaves."""
        if not prompt_tokens:
            raise InvalidRequestError("The prompt is empty: write something.", param="prompt")
        context = self.config.max_position_embeddings
        room = context - prompt_tokens
        if room < 1:
            raise ContextLengthError(
                f"The prompt has {prompt_tokens:,} tokens and the context holds {context:,}, "
                "answer included: shorten it, or load the model with a larger context length.",
                param="messages",
            )
        return room if request.max_tokens is None else min(request.max_tokens, room)


def _as_tuple(name: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, Sequence) and not isinstance(values, (str, bytes)):
        return tuple(values)
    raise InvalidRequestError(f"{name} is {values!r}; it must be a list.", param=name)


def _refuse_for_completion(options: Mapping[str, Any]) -> None:
    """A plain prompt is completed as it is: what only the chat template can honour has no place."""
    for name, value in options.items():
        if value is not None:
            raise InvalidRequestError(
                f"{name} needs messages: a string is completed without the chat template.",
                param=name,
            )


def _template_kwargs(given: Mapping[str, Any]) -> dict[str, Any]:
    """A template's own variables; what `generate` sets itself cannot be set behind its back."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InvalidRequestError(
            "chat_template_kwargs must map names to values.", param="chat_template_kwargs"
        )
    taken = {"messages", "tools", "add_generation_prompt", "self"} & set(given)
    if taken:
        raise InvalidRequestError(
            f"chat_template_kwargs must not set {', '.join(sorted(taken))}: use generate's own "
            "arguments.",
            param="chat_template_kwargs",
        )
    return dict(given)


class _Clock:
    """Reads the time when the first and the last token come out."""

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
