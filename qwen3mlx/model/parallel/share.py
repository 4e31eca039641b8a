"""Which part of a model a rank holds: numbers only, no arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...config import ModelConfig
from ...errors import MemoryBudgetError, UsageError
from ...quoting import size_text

# By the last part of a matrix's path: those whose outputs the ranks share, whole heads or neurons;
# and those whose inputs these outputs are.
ROWS = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "gate_up_proj")
COLUMNS = ("o_proj", "down_proj")
# Matrices with a row for each token of the vocabulary, of which every rank has some.
VOCABULARY = ("embed_tokens", "lm_head")
# More ranks than this are never proposed.
_MOST_RANKS = 64


class Share(NamedTuple):
    """What rank `rank` of `size` holds: its part of the vocabulary, and these `layers`, whole or,
    with `is_tensor`, its part of their matrices.
    """

    rank: int
    size: int
    layers: range
    is_tensor: bool

    @property
    def is_last(self) -> bool:
        return self.rank == self.size - 1

    def tokens(self, vocab_size: int) -> range:
        """Return the ids whose rows this rank holds: the last ranks may have fewer."""
        most = -(-vocab_size // self.size)
        return range(min(self.rank * most, vocab_size), min((self.rank + 1) * most, vocab_size))

    def config(self, whole: ModelConfig) -> ModelConfig:
        """Return the configuration of this part of `whole`."""
        if not self.is_tensor:
            return whole
        return whole._replace(
            num_attention_heads=whole.num_attention_heads // self.size,
            num_key_value_heads=whole.num_key_value_heads // self.size,
            intermediate_size=max(whole.intermediate_size // self.size, 1),
            moe_intermediate_size=whole.moe_intermediate_size // self.size,
        )


def tensor_shares(config: ModelConfig, size: int) -> tuple[Share, ...]:
    """Return the shares of all ranks. Raises UsageError if the model does not divide."""
    check_divides(config, size)
    layers = range(config.num_hidden_layers)
    return tuple(Share(rank, size, layers, is_tensor=True) for rank in range(size))


def pipeline_shares(layer_bytes: Sequence[int], room: Sequence[int]) -> tuple[Share, ...]:
    """Return shares of the layers, in order, in proportion to the `room` (bytes) of each rank.

    Raises UsageError for more ranks than layers, MemoryBudgetError if a rank has too little room.
    """
    size, total = len(room), sum(layer_bytes)
    if size > len(layer_bytes):
        raise UsageError(
            f"{size} ranks cannot share {len(layer_bytes)} layers: use at most as many ranks."
        )
    bounds, held, wanted = [0], 0, 0.0
    for rank in range(size - 1):
        wanted += total * room[rank] / max(sum(room), 1)
        end = bounds[-1] + 1
        held += layer_bytes[end - 1]
        # A layer goes to the rank that should hold most of it; each later rank needs one as well.
        while end < len(layer_bytes) - (size - 1 - rank) and held + layer_bytes[end] / 2 <= wanted:
            held += layer_bytes[end]
            end += 1
        bounds.append(end)
    bounds.append(len(layer_bytes))
    shares = []
    for rank in range(size):
        layers = range(bounds[rank], bounds[rank + 1])
        needed = sum(layer_bytes[layer] for layer in layers)
        if needed > room[rank]:
            raise MemoryBudgetError(
                f"Rank {rank} would hold {len(layers)} layers of {size_text(needed)} and has room "
                f"for {size_text(max(room[rank], 0))}: use more computers or fewer bits."
            )
        shares.append(Share(rank, size, layers, is_tensor=False))
    return tuple(shares)


def check_divides(config: ModelConfig, size: int) -> None:
    """Raise UsageError, with the numbers of ranks that are possible, if a part is not whole."""
    fault = _obstacle(config, size)
    if fault is not None:
        possible = [str(n) for n in range(2, _MOST_RANKS + 1) if _obstacle(config, n) is None]
        choice = f"use {' or '.join(possible)} ranks, or " if possible else ""
        raise UsageError(
            f"{size} ranks cannot share this model's matrices ({fault}): {choice}let each rank "
            "have some of the layers (pipeline)."
        )


def _obstacle(config: ModelConfig, size: int) -> str | None:
    """Return what `size` ranks do not divide evenly, if there is anything."""
    sparse = config.num_sparse_layers
    counted = {
        "num_attention_heads": True,
        "num_key_value_heads": True,
        "intermediate_size": sparse < config.num_hidden_layers,
        "moe_intermediate_size": sparse > 0,
    }
    for name, is_used in counted.items():
        value = getattr(config, name)
        if is_used and value % size:
            return f"{name} is {value}"
    quantization = config.quantization
    if quantization is None:
        return None
    for module in config.modules():
        spec = quantization.overrides.get(module.path, quantization.default)
        is_split = module.path.rpartition(".")[2] in COLUMNS
        if is_split and spec is not None and module.shape[-1] // size % spec.group_size:
            return (
                f"{module.path} has {module.shape[-1]} inputs in groups of {spec.group_size}, "
                "which stay whole"
            )
    return None
