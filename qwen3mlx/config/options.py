"""Options that a user sets when loading a model, and for one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidRequestError
from ..quoting import quoted
from ..settings.setting import Setting
from ..settings.table import LOAD, MAX_WHOLE, SAMPLING

# Those that are never None here.
_REQUIRED = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "top_logprobs",
    "min_tokens",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """The options a user can set when a model is loaded."""

    context_length: int | None = None
    rope_scaling: Mapping[str, Any] | None = None
    kv_bits: int | None = None
    quantize: int | None = None

    def __post_init__(self) -> None:
        for name, setting in LOAD.items():
            _check_given(setting, getattr(self, name))
        if self.rope_scaling is not None and not {"rope_type", "type"} & set(self.rope_scaling):
            raise InvalidRequestError(
                f"rope_scaling is {quoted(dict(self.rope_scaling))} and has no rope_type; use "
                '{"rope_type": "yarn", "factor": 2.0} or leave it out.',
                param="rope_scaling",
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
        for name in _REQUIRED:
            SAMPLING[name].check(getattr(self, name))
        for name in ("max_tokens", "thinking_budget", "seed"):
            _check_given(SAMPLING[name], getattr(self, name))
        if self.max_tokens is not None and self.min_tokens > self.max_tokens:
            raise InvalidRequestError(
                f"min_tokens ({self.min_tokens}) must not exceed max_tokens ({self.max_tokens}).",
                param="min_tokens",
            )
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
            _in_range("stop_token_ids", token_id, 0, MAX_WHOLE, whole=True)

    @property
    def is_greedy(self) -> bool:
        """Below this temperature float32 logits overflow; long before that, the best token is
        certain.
        """
        return self.temperature < 1e-5 or self.top_p == 0


def _check_given(setting: Setting, value: Any) -> None:
    if value is not None:
        setting.check(value)


def _in_range(
    name: str, value: float, low: int, high: int, *, whole: bool = False, param: str = ""
) -> None:
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if is_number and low <= value <= high:
        return
    kind = "an integer" if whole else "a number"
    raise InvalidRequestError(
        f"{name} is {quoted(value)}; it must be {kind} from {low} to {high}.",
        param=param or name,
    )
