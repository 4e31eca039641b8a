"""Load one rank's part of a checkpoint."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import mlx.core as mx

from ...config import LoadOptions, ModelConfig, read_infos
from ...settings.state import expanded
from ..checkpoint import Checkpoint
from ..footprint import compute_dtype, resident_bytes
from ..loading import Progress, check_leftovers, read_model
from ..qwen3 import Block, Qwen3
from .layers import SharedEmbedding, SharedHead, Stage, Summed
from .part_store import PartStore
from .share import Share, check_divides


def load_part(
    path: str | Path,
    share: Share,
    group: mx.distributed.Group,
    *,
    options: LoadOptions | None = None,
    on_progress: Progress | None = None,
) -> Qwen3:
    """Load the `share` of the model in folder `path`; only that is read and kept.

    Called with the same arrays by every rank of `group`, all return the same logits. Its steps must
    not be compiled. Raises as `load_model` does, and UsageError for a model that does not divide.
    """
    folder = expanded(path)
    options = options or LoadOptions()
    whole = ModelConfig.from_folder(folder).with_options(options)
    if share.is_tensor:
        check_divides(whole, share.size)
    checkpoint = Checkpoint(folder)
    whole = whole.fitting(checkpoint.infos)
    store = PartStore(checkpoint, whole, share)
    tokens = share.tokens(whole.vocab_size)
    config = share.config(whole)._replace(vocab_size=len(tokens))
    model = read_model(store, config, share.layers, options, on_progress)
    check_leftovers(checkpoint, whole)
    return _joined(model, config._replace(vocab_size=whole.vocab_size), share, group)


def part_bytes(path: str | Path, share: Share, load_bits: int | None = None) -> int:
    """Return the memory that the weights of `share` take; with `load_bits`, those of FP8 become
    integers of so many. Raises CheckpointError.
    """
    folder = expanded(path)
    checkpoint = Checkpoint(folder)
    dtype = compute_dtype(checkpoint.infos)
    config = ModelConfig.from_folder(folder).fitting(checkpoint.infos)
    return resident_bytes(PartStore(checkpoint, config, share).infos, dtype, load_bits)


def layer_bytes(path: str | Path, load_bits: int | None = None) -> list[int]:
    """Return the memory that the weights of each layer take. Raises CheckpointError."""
    folder = expanded(path)
    infos = read_infos(folder)
    dtype = compute_dtype(infos)
    layers = range(ModelConfig.from_folder(folder).num_hidden_layers)
    prefixes = [f"model.layers.{layer}." for layer in layers]
    return [
        resident_bytes({n: i for n, i in infos.items() if n.startswith(prefix)}, dtype, load_bits)
        for prefix in prefixes
    ]


def _joined(model: Qwen3, config: ModelConfig, share: Share, group: mx.distributed.Group) -> Qwen3:
    """Put the exchanges with other ranks into a model of parts."""
    tokens = share.tokens(config.vocab_size)
    # To other code these are what they stand for.
    embedding: Any = SharedEmbedding(model.embed_tokens, tokens.start, len(tokens), group)
    head: Any = model.lm_head
    if config.kind == "causal":
        most = -(-config.vocab_size // share.size)
        head = SharedHead(head, most, config.vocab_size, group)
    model = replace(model, config=config, embed_tokens=embedding, lm_head=head)
    if share.is_tensor:
        return replace(model, blocks=tuple(_summed(block, group) for block in model.blocks))
    placed = tuple(_placed(block, index) for index, block in enumerate(model.blocks))
    values = {field.name: getattr(model, field.name) for field in fields(model)}
    return Stage(**{**values, "blocks": placed}, share=share, group=group)


def _summed(block: Block, group: mx.distributed.Group) -> Block:
    o_proj: Any = Summed(block.self_attn.o_proj, group)
    mlp: Any = Summed(block.mlp, group)
    return replace(block, self_attn=replace(block.self_attn, o_proj=o_proj), mlp=mlp)


def _placed(block: Block, index: int) -> Block:
    """Return the block with its place among those that the rank's caches are for."""
    return replace(block, self_attn=replace(block.self_attn, layer=index))
