"""A checkpoint in memory; turns requests for it into token ids."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from collections.abc import Sequence as SequenceOf
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..config import GenerationConfig, ModelConfig, SamplingParams
from ..errors import ContextLengthError, InvalidRequestError, Qwen3MLXError
from ..field_names import own_field_names
from ..generate import ThinkingMeter
from ..grammar import GrammarProcess
from ..quoting import quoted
from ..request import GenerationRequest
from ..text import (
    ChatPrompt,
    Tokenizer,
    reasoning_start,
    soft_switch,
)
from ..thought import ReasoningStart, Thought
from .grammars import demand_of
from .outputs import Output
from .rows import Ids, Rows
from .scheduler import StepRunner
from .sequence import Constraint, Sequence
from .uniforms import uniforms

_log = logging.getLogger(__name__)

# Qwen3's sentence for a used-up thinking budget (from its documentation).
EARLY_STOP = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the "
    "thinking directly now.\n</think>\n\n"
)

# Prompts that are too long are counted up to this multiple of the context.
COUNTED = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A request that has been checked, rendered and encoded.

    `reasoning` says where the answer begins, and `think_ids` are the ids of `<think>` and
    `</think>`. `never_ids` are never drawn. `tools` may be called; None: calls are text.
    `constraint` follows the tokens of one answer.
    """

    prompt_ids: list[int]
    params: SamplingParams
    max_tokens: int
    stop_ids: frozenset[int]
    reasoning: ReasoningStart
    never_ids: frozenset[int]
    tools: SequenceOf[Mapping[str, Any]] | None
    think_ids: tuple[int | None, int | None]
    early_stop_ids: list[int]
    constraint: Constraint | None = None
    field_names: Mapping[str, str] = field(default_factory=dict)

    def sequence(self, sink: Callable[[Output], None], salt: str = "") -> Sequence:
        """Return a sequence for a scheduler; `sink` receives its outputs. See `prefix_index.py` for
        `salt`.
        """
        return Sequence(
            self.prompt_ids,
            self.params,
            max_tokens=self.max_tokens,
            stop_ids=self.stop_ids,
            never_ids=self.never_ids,
            meter=self.meter(),
            sink=sink,
            uniforms=uniforms(self.params.seed),
            constraint=self.constraint,
            salt=salt,
        )

    def meter(self) -> ThinkingMeter:
        return ThinkingMeter(
            Thought(self.reasoning, *self.think_ids),
            budget=self.params.thinking_budget,
            early_stop_ids=self.early_stop_ids,
        )


class LoadedModel(ABC):
    """Tokenizer, settings and weights of one checkpoint.

    What computes, `runner` and `rows`, belongs to the thread that loaded the weights; use
    everything else from any thread.
    """

    def __init__(
        self,
        path: Path,
        config: ModelConfig,
        tokenizer: Tokenizer,
        generation_config: GenerationConfig,
        grammars: GrammarProcess | None = None,
    ) -> None:
        self.path = path
        self.config = config
        self.tokenizer = tokenizer
        self.generation_config = generation_config
        self._stop_ids = self._default_stop_ids()
        self._early_stop_ids = tokenizer.encode(EARLY_STOP)
        self._grammars = grammars or GrammarProcess(path, config.vocab_size, self._stop_ids)

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """The memory that its weights take."""

    @property
    def fault(self) -> str | None:
        """Why the model cannot answer any more, in one sentence; None if it can."""
        return None

    @abstractmethod
    def runner(self) -> StepRunner:
        """Return what executes plans for this model."""

    @abstractmethod
    def rows(
        self, inputs: SequenceOf[Ids], token_ids: Ids | None, check: Callable[[], None]
    ) -> Generator[None, None, Rows]:
        """Compute as `read_rows` does."""

    def unload(self) -> None:
        """Free what is not this process's memory."""
        return

    def close(self) -> None:
        """Stop the process that enforces grammars. Answers that it constrains fail."""
        self._grammars.close()

    def rehearse(self) -> None:
        """Do now what otherwise the first chat waits for: the template is compiled."""
        with suppress(Qwen3MLXError):  # the chat itself reports it
            self.prepare(GenerationRequest(messages=[{"role": "user", "content": "Hi"}]))

    def prepare(self, request: GenerationRequest) -> Prepared:
        """Render, encode and check the request.

        Thinking is on unless `enable_thinking` is False, `thinking_budget` is 0, or the last soft
        switch is `/no_think`. Raises InvalidRequestError, ContextLengthError, TemplateError.
        """
        with own_field_names(request.field_names):
            prompt_ids, reasoning = self._prompt(request, fitting=True)
            return self._prepared(request, prompt_ids, reasoning)

    def outline(self, request: GenerationRequest) -> tuple[int, SamplingParams]:
        """Return the tokens of the prompt and how it would be sampled; compile no grammar.

        Raises the same errors about both as `prepare`.
        """
        with own_field_names(request.field_names):
            prompt_ids, reasoning = self._prompt(request, fitting=True)
            params = self._params(request, reasoning)
            self._max_tokens(len(prompt_ids), params)
            return len(prompt_ids), params

    def fits(self, request: GenerationRequest) -> bool:
        """Return whether the prompt leaves room for an answer. Check nothing else."""
        with own_field_names(request.field_names):
            try:
                ids, _ = self._prompt(request, fitting=True)
            except ContextLengthError:
                return False
        return len(ids) < self.config.max_position_embeddings

    def _prepared(
        self, request: GenerationRequest, prompt_ids: list[int], reasoning: ReasoningStart
    ) -> Prepared:
        if request.messages is not None:
            self.check_ids(prompt_ids, param="messages")
        params = self._params(request, reasoning)
        if params.ignore_eos and request.is_bound:
            raise InvalidRequestError(
                "ignore_eos cannot be combined with tools or a form of the answer: they say where "
                "it ends.",
                param="ignore_eos",
            )
        own_ends = frozenset() if params.ignore_eos else self._stop_ids
        stop_ids = own_ends | set(params.stop_token_ids)
        demand = demand_of(request, self.tokenizer, reasoning)
        max_tokens = self._max_tokens(len(prompt_ids), params)
        uses_tools = bool(request.tools) and request.tool_choice != "none"
        return Prepared(
            prompt_ids=prompt_ids,
            params=params,
            max_tokens=max_tokens,
            stop_ids=stop_ids,
            never_ids=self._stop_ids - stop_ids,
            reasoning=reasoning,
            tools=request.tools if uses_tools else None,
            think_ids=self.tokenizer.think_ids,
            early_stop_ids=self._early_stop_ids,
            constraint=None if demand is None else self._grammars.constraint(demand),
            field_names=request.field_names,
        )

    def prompt(self, request: GenerationRequest) -> tuple[list[int], ReasoningStart]:
        """Return the prompt's token ids, however many, and where its answer begins."""
        with own_field_names(request.field_names):
            return self._prompt(request)

    def _prompt(
        self, request: GenerationRequest, *, fitting: bool = False
    ) -> tuple[list[int], ReasoningStart]:
        """As `prompt`; with `fitting`, raise ContextLengthError as `fitting_ids` does."""
        if request.messages is None:
            prompt = request.prompt if request.prompt is not None else ""
            if not isinstance(prompt, str):
                ids = list(prompt)
            else:
                ids = self.fitting_ids(prompt) if fitting else self.tokenizer.encode(prompt)
            self.check_ids(ids, param="prompt")
            return ids, "off"
        chat = render_chat(self.tokenizer, request)
        ids = self.fitting_ids(chat) if fitting else self.tokenizer.encode_chat(chat)
        return ids, reasoning_start(chat.marked)

    def fitting_ids(self, text: str | ChatPrompt, *, param: str = "messages") -> list[int]:
        """Encode a prompt, but do not read one to its end that is far too long for the context.

        Raises ContextLengthError for that one.
        """
        context = self.config.max_position_embeddings
        plain = text if isinstance(text, str) else text.text
        if (least := self.tokenizer.least_tokens(plain)) > context:
            raise ContextLengthError(least, context, param=param, at_least=True)
        most = COUNTED * context
        if isinstance(text, str):
            ids = self.tokenizer.encode(text, at_most=most)
        else:
            ids = self.tokenizer.encode_chat(text, at_most=most)
        if len(ids) > most:
            raise ContextLengthError(len(ids), context, param=param, at_least=True)
        return ids

    def check_ids(self, ids: SequenceOf[int], *, param: str) -> None:
        """Raise InvalidRequestError for an id that the model does not have.

        A tokenizer may have more ids than the model, and MLX checks no bounds.
        """
        last = self.config.vocab_size - 1
        if ids and not 0 <= min(ids) <= max(ids) <= last:
            wrong = next(token_id for token_id in ids if not 0 <= token_id <= last)
            raise InvalidRequestError(
                f"{param} holds token {wrong}; ids run from 0 to {last}.", param=param
            )

    def _default_stop_ids(self) -> frozenset[int]:
        """Return the ids that the checkpoint's three files name, and those of the two tokens that
        end every Qwen3 turn or text.
        """
        named = {*self.generation_config.eos_token_ids, *self.config.eos_token_ids}
        vocabulary = range(self.config.vocab_size)
        if unknown := sorted(named.difference(vocabulary)):
            _log.warning(
                "%s names the end tokens %s, which the model does not have; they are left out.",
                self.path,
                quoted(unknown),
            )
        ends = ("<|im_end|>", "<|endoftext|>", self.tokenizer.named_tokens().get("eos_token"))
        usual = {
            self.tokenizer.token_id(end)
            for end in ends
            if isinstance(end, str) and end.isprintable()  # half a surrogate pair is no text
        }
        ids = frozenset(i for i in named | usual if i is not None and i in vocabulary)
        if not ids:
            _log.warning(
                "%s names no end token, so an answer ends only at max_tokens or a stop string: set "
                "eos_token_id in its generation_config.json.",
                self.path,
            )
        return ids

    def _params(self, request: GenerationRequest, reasoning: ReasoningStart) -> SamplingParams:
        thinking = reasoning != "off" and soft_switch(request.messages or ()) is not False
        return self._sampling_params(thinking, request.sampling)

    def _sampling_params(self, thinking: bool, given: Mapping[str, Any]) -> SamplingParams:
        known = {option.name for option in fields(SamplingParams)}
        if unknown := sorted(set(given) - known):
            raise InvalidRequestError(
                f"Unknown sampling option {quoted(unknown[0])}; valid options: "
                f"{', '.join(sorted(known))}.",
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
        """Return the biases by token id. JSON has only strings as keys."""
        if not isinstance(biases, Mapping):
            raise InvalidRequestError(
                f"logit_bias is {quoted(biases)}; it must map token ids to numbers.",
                param="logit_bias",
            )
        result = {}
        for key, bias in biases.items():
            token_id = int(key) if str(key).isascii() and str(key).isdecimal() else -1
            if not 0 <= token_id < self.config.vocab_size:
                raise InvalidRequestError(
                    f"logit_bias names token {quoted(key)}; ids run from 0 to "
                    f"{self.config.vocab_size - 1}.",
                    param="logit_bias",
                )
            result[token_id] = bias
        return result

    def _max_tokens(self, prompt_tokens: int, params: SamplingParams) -> int:
        """Return the requested limit, capped by the room left in the context."""
        if not prompt_tokens:
            raise InvalidRequestError("The prompt is empty: write something.", param="prompt")
        context = self.config.max_position_embeddings
        room = context - prompt_tokens
        if room < 1:
            raise ContextLengthError(prompt_tokens, context)
        return room if params.max_tokens is None else min(params.max_tokens, room)


def render_chat(tokenizer: Tokenizer, request: GenerationRequest) -> ChatPrompt:
    """Render the chat template for `request.messages`; needs no weights."""
    enable_thinking = request.enable_thinking
    if request.sampling.get("thinking_budget") == 0:
        enable_thinking = False
    template_kwargs = _template_kwargs(request.chat_template_kwargs)
    if enable_thinking is not None:
        template_kwargs["enable_thinking"] = enable_thinking
    messages = request.messages or ()
    tools = request.tools if request.tool_choice != "none" else ()
    return tokenizer.chat_prompt(
        messages,
        tools=tools,
        continue_final_message=request.continue_final_message,
        **template_kwargs,
    )


def _as_tuple(name: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, SequenceOf) and not isinstance(values, (str, bytes)):
        return tuple(values)
    raise InvalidRequestError(f"{name} is {quoted(values)}; it must be a list.", param=name)


def _template_kwargs(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template's own variables. They cannot override what the request sets itself."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InvalidRequestError(
            "chat_template_kwargs must map names to values.", param="chat_template_kwargs"
        )
    taken = {"messages", "tools", "add_generation_prompt", "self"} & set(given)
    if taken:
        raise InvalidRequestError(
            f"chat_template_kwargs must not set {', '.join(sorted(taken))}: use the request's own "
            "fields.",
            param="chat_template_kwargs",
        )
    return dict(given)
