"""What the ranks of a group exchange for a token, and how fast they answer: formulas, not measured.

MLX's ring adds up an array in 2 (N - 1) messages one after another, each with an N-th of it, and
gathers one in N - 1. `tests/model/parallel/test_ranks.py` counts what ranks really exchange.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..config.model import ModelConfig
from .machine import Chip
from .speed import step_seconds

VALUE_BYTES = 2


class Network(NamedTuple):
    """Assumed of MLX's ring over TCP: bytes per second, and the seconds that a message takes."""

    name: str
    bandwidth: float
    latency_s: float


NETWORKS = (
    Network("10 GbE", 1.1e9, 60e-6),
    Network("Thunderbolt 4", 2.5e9, 40e-6),
    Network("Thunderbolt 5", 5e9, 40e-6),
)


class Exchange(NamedTuple):
    """For one token: arrays that are added up, gathered and sent on; messages one after another;
    and the bytes that the rank with the most of them sends.
    """

    num_sums: int
    num_gathers: int
    num_sends: int
    num_messages: int
    sent_bytes: int

    def seconds(self, network: Network) -> float:
        return self.num_messages * network.latency_s + self.sent_bytes / network.bandwidth


def exchange(
    config: ModelConfig,
    size: int,
    parallel: Literal["tensor", "pipeline"],
    value_bytes: int = VALUE_BYTES,
) -> Exchange:
    """Return what `size` ranks exchange for each token of one answer."""
    hidden = config.hidden_size * value_bytes
    logits = -(-config.vocab_size // size) * value_bytes
    is_tensor = parallel == "tensor"
    sums = 1 + (2 * config.num_hidden_layers if is_tensor else 1)
    sends = 0 if is_tensor else size - 1
    others = size - 1
    return Exchange(
        num_sums=sums,
        num_gathers=1,
        num_sends=sends,
        num_messages=sums * 2 * others + others + sends,
        # Each rank sends 2 (N - 1) / N of what is added up, and forwards N - 1 parts of the logits.
        sent_bytes=round(2 * others / size * sums * hidden)
        + others * logits
        + min(sends, 1) * hidden,
    )


def decode_tps(
    chip: Chip,
    config: ModelConfig,
    bits_per_weight: float,
    size: int,
    parallel: Literal["tensor", "pipeline"],
    network: Network,
    *,
    context_length: int,
) -> float:
    """Return the tokens per second of one answer by `size` computers with this chip.

    With `tensor`, each reads its part of the weights, keys and values at the same time; with
    `pipeline`, one after another. The kernels' launches take their time in any case.
    """
    reading, launching = step_seconds(chip, config, bits_per_weight, context_length=context_length)
    if parallel == "tensor":
        reading /= size
    exchanged = exchange(config, size, parallel).seconds(network) if size > 1 else 0.0
    return 1 / (reading + launching + exchanged)
