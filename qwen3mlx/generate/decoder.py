"""The forward passes of generation: prefill in chunks, and one decode step as one graph."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import mlx.core as mx

from ..config import SamplingParams
from ..model import DecodeView, KVCache, Qwen3
from .processors import Penalties, bias_array
from .sampler import Choice, Knobs, Sampler, choose

# Tokens per prefill pass. A GPU needs long ones to be busy; the CPU does not, and reports progress.
PREFILL_CHUNK = {"gpu": 2048, "cpu": 512}

Layers = list[tuple[mx.array, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """How a batch's logits become tokens: what is compiled (`sampler`, which parts) and its numbers."""

    sampler: Sampler
    knobs: Knobs
    penalties: Penalties | None
    bias: mx.array | None

    @classmethod
    def for_request(
        cls, request: SamplingParams, vocab_size: int, forbidden: Sequence[int] = ()
    ) -> Policy:
        """`forbidden` ids cannot be drawn (stop tokens before `min_tokens`)."""
        return cls(
            sampler=Sampler.for_requests([request], vocab_size),
            knobs=Sampler.knobs([request], vocab_size),
            penalties=Penalties.for_requests([request]),
            bias=bias_array(request, vocab_size, forbidden),
        )

    @property
    def shape(self) -> tuple[Sampler, bool, bool]:
        """What a compiled step depends on."""
        return self.sampler, self.penalties is not None, self.bias is not None

    def arrays(self) -> list[list[mx.array] | Knobs]:
        """All numbers as a tree, for a compiled function's arguments; `from_arrays` undoes it."""
        penalties = list(self.penalties.arrays()) if self.penalties else []
        return [self.knobs, penalties, [] if self.bias is None else [self.bias]]

    @classmethod
    def from_arrays(cls, sampler: Sampler, tree: list[list[mx.array] | Knobs]) -> Policy:
        knobs, penalties, bias = tree
        assert isinstance(knobs, dict)
        return cls(
            sampler, knobs, Penalties(*penalties) if penalties else None, bias[0] if bias else None
        )

    def choose(self, logits: mx.array, uniform: mx.array, counts: mx.array | None) -> Choice:
        """logits [B, vocab] -> tokens; `counts` [B, vocab] of generated tokens, for penalties."""
        logits = logits.astype(mx.float32)
        if self.penalties is not None and counts is not None:
            logits = self.penalties(logits, counts)
        if self.bias is not None:
            logits = logits + self.bias
        return choose(self.sampler, logits, uniform, self.knobs)


class Decoder:
    """One model's prefill and decode passes; its compiled steps are kept for the next request."""

    def __init__(self, model: Qwen3) -> None:
        self.model = model
        self._steps: dict[tuple[Sampler, bool, bool], Callable[..., tuple[object, ...]]] = {}
        self._can_compile = can_compile()
        self._chunk = PREFILL_CHUNK["cpu" if _on_cpu() else "gpu"]

    def chunks(self, ids: Sequence[int]) -> list[Sequence[int]]:
        """`ids` in pieces of one prefill pass each; the last holds the last token."""
        return [ids[start : start + self._chunk] for start in range(0, len(ids), self._chunk)]

    def extend(self, ids: Sequence[int], cache: KVCache) -> None:
        """Feed `ids` and wait; no logits are computed."""
        self._hidden(ids, cache)
        mx.eval(cache.layers)

    def logits(self, ids: Sequence[int], cache: KVCache) -> mx.array:
        """Feed `ids`; the logits [1, vocab] after the last of them, still lazy."""
        return self.model.lm_head(self._hidden(ids, cache)[:, -1:])[:, -1]

    def _hidden(self, ids: Sequence[int], cache: KVCache) -> mx.array:
        hidden = self.model.hidden(mx.array([ids]), cache)
        cache.advance(len(ids))
        return hidden

    def step(
        self,
        token: mx.array,
        cache: KVCache,
        policy: Policy,
        uniform: mx.array,
        counts: mx.array | None,
    ) -> tuple[Choice, mx.array | None]:
        """Feed `token` [B] and choose the next; both may still be on their way (lazy).

        `counts` [B, vocab] are of the tokens before `token`; the updated ones are returned.
        """
        cache.reserve(1)
        run = self._steps.get(policy.shape)
        if run is None:
            run = self._steps[policy.shape] = self._compiled(policy.sampler)
        offset = mx.array(cache.offset)
        chosen, cache.layers, new_counts = run(
            token, offset, uniform, cache.layers, policy.arrays(), [] if counts is None else [counts]
        )
        cache.advance(1)
        return Choice(*chosen), new_counts[0] if new_counts else None

    def _compiled(self, sampler: Sampler) -> Callable[..., tuple[object, ...]]:
        step = partial(_step, self.model, self.model.make_cache(), sampler)
        return mx.compile(step) if self._can_compile else step


def _step(
    model: Qwen3,
    kind: KVCache,
    sampler: Sampler,
    token: mx.array,
    offset: mx.array,
    uniform: mx.array,
    layers: Layers,
    numbers: list[list[mx.array] | Knobs],
    counts: list[mx.array],
) -> tuple[tuple[mx.array, ...], Layers, list[mx.array]]:
    """One decode step on arrays alone, so that it can be compiled; `kind` says how keys are stored."""
    view = DecodeView(kind, layers, offset)
    logits = model.lm_head(model.hidden(token[:, None], view))[:, -1]
    if counts:
        rows = mx.arange(token.shape[0])
        counts = [counts[0].at[rows, token].add(1)]
    policy = Policy.from_arrays(sampler, numbers)
    chosen = policy.choose(logits, uniform, counts[0] if counts else None)
    return chosen.arrays(), view.layers, counts


def can_compile() -> bool:
    """Whether `mx.compile` works: always on a GPU; on the CPU it calls a C++ compiler at run time."""
    return not _on_cpu() or shutil.which("g++") is not None


def _on_cpu() -> bool:
    return mx.default_device() == mx.Device(mx.cpu)
