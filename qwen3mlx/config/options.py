"""Options that a user sets when loading a model, and for one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidRequestError
from ..quoting import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """The options a user can set when a model is loaded."""

    context_length: int | None = None
    rope_scaling: Mapping[str, Any] | None = None
    kv_bits: int | None = None

    def __post_init__(self) -> None:
        if self.context_length is not None:
            _in_range("context_length", self.context_length, 1, 2**31 - 1, whole=True)
        if self.rope_scaling is not None and not isinstance(self.rope_scaling, Mapping):
            raise InvalidRequestError(
                f"rope_scaling is {quoted(self.rope_scaling)}; it must be an object.",
                param="rope_scaling",
            )
        if self.rope_scaling is not None and not {"rope_type", "type"} & set(self.rope_scaling):
            raise InvalidRequestError(
                f"rope_scaling is {quoted(dict(self.rope_scaling))} and has no rope_type; use "
                '{"rope_type": "yarn", "factor": 2.0} or leave it out.',
                param="rope_scaling",
            )
        if self.kv_bits not in (None, 4, 8) or isinstance(self.kv_bits, float):
            raise InvalidRequestError(
                f"kv_bits {quoted(self.kv_bits)} is not supported; use 4 or 8.", param="kv_bits"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How the tokens of one request are sampled, and when the answer ends.

    Presence and frequency penalties count generated tokens (OpenAI); the repetition penalty also
    counts the prompt's (CTRL, arXiv:1909.05858, as in Hugging Face and vLLM). `temperature` 0 and
    `top_p` 0 are greedy; `top_k` 0, `top_p` 1 and `min_p` 0 are off. `thinking_budget` is the
    number of thinking tokens after which the answer starts. `prompt_logprobs` requests log
    probabilities of the prompt's tokens, with `top_logprobs` alternatives each; the prompt is then
    computed without the prefix cache. With `ignore_eos` the model cannot end its answer.
    """

    temperature: float = 0.6
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None
    logprobs: bool = False
    top_logprobs: int = 0
    prompt_logprobs: bool = False
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    min_tokens: int = 0
    max_tokens: int | None = None
    thinking_budget: int | None = None
    ignore_eos: bool = False

    def __post_init__(self) -> None:
        _in_range("temperature", self.temperature, 0, 100)
        _in_range("top_p", self.top_p, 0, 1)
        _in_range("top_k", self.top_k, 0, 2**31 - 1, whole=True)
        _in_range("min_p", self.min_p, 0, 1)
        _in_range("repetition_penalty", self.repetition_penalty, 0, 100, above=True)
        _in_range("presence_penalty", self.presence_penalty, -2, 2)
        _in_range("frequency_penalty", self.frequency_penalty, -2, 2)
        _in_range("top_logprobs", self.top_logprobs, 0, 20, whole=True)
        _in_range("min_tokens", self.min_tokens, 0, 2**31 - 1, whole=True)
        for name in ("max_tokens", "thinking_budget"):
            if getattr(self, name) is not None:
                _in_range(name, getattr(self, name), 0, 2**31 - 1, whole=True)
        if self.max_tokens is not None and self.min_tokens > self.max_tokens:
            raise InvalidRequestError(
                f"min_tokens ({self.min_tokens}) must not exceed max_tokens ({self.max_tokens}).",
                param="min_tokens",
            )
        if self.seed is not None:
            _in_range("seed", self.seed, -(2**63), 2**64 - 1, whole=True)
        for name in ("logprobs", "prompt_logprobs", "ignore_eos"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidRequestError(
                    f"{name} is {quoted(getattr(self, name))}; it must be true or false.",
                    param=name,
                )
        if self.top_logprobs and not self.logprobs:
            raise InvalidRequestError("top_logprobs requires logprobs.", param="top_logprobs")
        self._check_tokens()

    def _check_tokens(self) -> None:
        for token_id, bias in self.logit_bias.items():
            _in_range(f"logit_bias of token {token_id}", bias, -100, 100, param="logit_bias")
        stop: Any = self.stop
        if not isinstance(stop, (tuple, list)) or any(
            not isinstance(s, str) or not s for s in stop
        ):
            raise InvalidRequestError(
                f"stop is {quoted(self.stop)}; it must be a list of non-empty strings.",
                param="stop",
            )
        stop_token_ids: Any = self.stop_token_ids
        if not isinstance(stop_token_ids, (tuple, list)):
            raise InvalidRequestError(
                f"stop_token_ids is {quoted(stop_token_ids)}; it must be a list of token ids.",
                param="stop_token_ids",
            )
        for token_id in stop_token_ids:
            _in_range("stop_token_ids", token_id, 0, 2**31 - 1, whole=True)

    @property
    def is_greedy(self) -> bool:
        """Below this temperature float32 logits overflow; long before that, the best token is
        certain.
        """
        return self.temperature < 1e-5 or self.top_p == 0


def _in_range(
    name: str,
    value: float,
    low: float,
    high: float,
    *,
    above: bool = False,
    whole: bool = False,
    param: str = "",
) -> None:
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if is_number and (low < value if above else low <= value) and value <= high:
        return
    bound = "above" if above else "from"
    kind = "integer" if whole else "number"
    raise InvalidRequestError(
        f"{name} is {quoted(value)}; it must be a {kind} {bound} {low} to {high}.",
        param=param or name,
    )
