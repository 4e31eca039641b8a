"""Load a checkpoint folder into memory, one block at a time."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx

from ..config import LoadOptions, ModelConfig
from ..errors import CheckpointError, MemoryBudgetError
from ..quoting import printable, quoted
from ..settings.state import expanded
from .attention import Attention
from .checkpoint import Checkpoint, TensorStore, check_finite
from .device import release_staging_memory, set_memory_limits, usable_memory
from .experts import Experts, ResidentExperts
from .feed_forward import MLP, FeedForward, MixtureOfExperts
from .footprint import check_fits, compute_dtype, resident_bytes
from .linear import Embedding, NoHead, Projection, QuantizedEmbedding
from .qwen3 import Block, Qwen3
from .rope import Rope
from .weights import Weights, arrays_of

_log = logging.getLogger(__name__)

# (bytes read, bytes in all)
Progress = Callable[[int, int], None]


def load_model(
    path: str | Path,
    *,
    options: LoadOptions | None = None,
    on_progress: Progress | None = None,
) -> Qwen3:
    """Load the model in folder `path`, in Hugging Face's or MLX's format; no tokenizer is needed.

    It computes in the checkpoint's dtype on a GPU and in float32 on the CPU, where MLX's 16-bit
    products are 7 to 30 times slower.

    Raises CheckpointError naming the file and the fault, MemoryBudgetError if it cannot fit.
    """
    folder = expanded(path)
    options = options or LoadOptions()
    config = ModelConfig.from_folder(folder).with_options(options)
    checkpoint = Checkpoint(folder)
    config = config.fitting(checkpoint.infos)
    layers = range(config.num_hidden_layers)
    model = read_model(checkpoint, config, layers, options, on_progress)
    check_leftovers(checkpoint, config)
    return model


def read_model(
    store: TensorStore,
    config: ModelConfig,
    layers: range,
    options: LoadOptions,
    on_progress: Progress | None,
) -> Qwen3:
    """Read these layers, and all else, out of `store`. Raises as `load_model` does."""
    dtype = compute_dtype(store.infos)
    _check_memory(store, dtype, options.quantize)
    set_memory_limits()
    try:
        return _build(Weights(store, config, dtype), layers, options, on_progress)
    except RuntimeError as error:
        raise _load_error(store.folder, str(error).splitlines()[0]) from error


def _load_error(folder: Path, reason: str) -> CheckpointError | MemoryBudgetError:
    """Convert MLX's error for an unreadable file or a failed allocation."""
    if "alloc" in reason:
        return MemoryBudgetError(
            f"There is not enough free memory for {folder.name} ({reason}): "
            "close other programs, or use a smaller model or fewer bits."
        )
    return CheckpointError(f"{folder} could not be read ({reason}); download the model again.")


def _build(
    weights: Weights, layers: range, options: LoadOptions, on_progress: Progress | None
) -> Qwen3:
    """Load the blocks one by one."""
    config = weights.config
    total = sum(info.nbytes for info in weights.checkpoint.infos.values())
    # The largest tensors first: their staging memory is free again when the rest arrives.
    embed_tokens = weights.embedding("model.embed_tokens")
    _evaluate(weights, embed_tokens)
    lm_head = _lm_head(weights, embed_tokens)
    norm = weights.norm("model.norm")
    _evaluate(weights, (lm_head, norm))
    rope = Rope.from_config(config.rope, config.head_dim)
    experts = ResidentExperts()
    blocks = []
    for layer in layers:
        blocks.append(load_block(weights, layer, rope, experts))
        _evaluate(weights, blocks[-1])
        if on_progress is not None:
            on_progress(total * len(blocks) // len(layers), total)
    arrays = {id(a): a for a in arrays_of((embed_tokens, *blocks, norm, lm_head))}
    return Qwen3(
        config=config,
        dtype=weights.dtype,
        shared_nbytes=sum(array.nbytes for array in arrays.values()),
        kv_bits=options.kv_bits,
        embed_tokens=embed_tokens,
        blocks=tuple(blocks),
        norm=norm,
        lm_head=lm_head,
        experts=experts,
    )


def _evaluate(weights: Weights, module: object) -> None:
    """Evaluate now. On the CPU, `weights` have released the staging memory of each matrix.

    Raises CheckpointError for norms and scales that are not finite.
    """
    checks = weights.checks()
    mx.eval(arrays_of(module), checks)
    check_finite(checks, weights.checkpoint.folder)
    if not weights.on_cpu:
        release_staging_memory()


def _lm_head(weights: Weights, embed_tokens: Embedding | QuantizedEmbedding) -> Projection | NoHead:
    config = weights.config
    if config.kind == "embedding":
        return NoHead()
    if config.kind == "classifier":
        return weights.projection("score")
    if config.tie_word_embeddings:
        return embed_tokens.linear
    return weights.projection("lm_head")


def load_block(
    weights: Weights, layer: int, rope: Rope, experts: ResidentExperts | None = None
) -> Block:
    """One block of the model that `weights` hold; its experts, if any, go into `experts`."""
    path = f"model.layers.{layer}"
    return Block(
        eps=weights.config.rms_norm_eps,
        input_layernorm=weights.norm(f"{path}.input_layernorm"),
        post_attention_layernorm=weights.norm(f"{path}.post_attention_layernorm"),
        self_attn=_attention(weights, layer, rope),
        mlp=_feed_forward(weights, layer, ResidentExperts() if experts is None else experts),
    )


def _attention(weights: Weights, layer: int, rope: Rope) -> Attention:
    config, path = weights.config, f"model.layers.{layer}.self_attn"
    heads, kv_heads, head_dim = (
        config.num_attention_heads,
        config.num_key_value_heads,
        config.head_dim,
    )
    q_norm, k_norm = weights.norm(f"{path}.q_norm"), weights.norm(f"{path}.k_norm")
    return Attention(
        layer=layer,
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        eps=config.rms_norm_eps,
        scale=rope.score_scale / math.sqrt(head_dim),
        qkv_proj=weights.projection(f"{path}.q_proj", f"{path}.k_proj", f"{path}.v_proj"),
        o_proj=weights.projection(f"{path}.o_proj"),
        qk_norm=mx.stack([q_norm] * heads + [k_norm] * kv_heads),
        rope=rope,
    )


def _feed_forward(weights: Weights, layer: int, store: ResidentExperts) -> FeedForward:
    config, path = weights.config, f"model.layers.{layer}.mlp"
    if not config.is_sparse(layer):
        return MLP(
            gate_up_proj=weights.projection(f"{path}.gate_proj", f"{path}.up_proj"),
            down_proj=weights.projection(f"{path}.down_proj"),
        )
    experts = f"{path}.switch_mlp"
    store.add(
        layer,
        Experts(
            gate_up_proj=weights.experts(f"{experts}.gate_proj", f"{experts}.up_proj"),
            down_proj=weights.experts(f"{experts}.down_proj"),
        ),
    )
    return MixtureOfExperts(
        num_experts_per_tok=config.num_experts_per_tok,
        norm_topk_prob=config.norm_topk_prob,
        gate=weights.projection(f"{path}.gate"),
        layer=layer,
        store=store,
    )


def _check_memory(store: TensorStore, dtype: mx.Dtype, load_bits: int | None) -> None:
    """Refuse what cannot fit before any of it is read."""
    needed = resident_bytes(store.infos, dtype, load_bits)
    check_fits(store.folder.name, needed, usable_memory())


def check_leftovers(checkpoint: Checkpoint, config: ModelConfig) -> None:
    """Raise CheckpointError for a tensor without a use, unless it has no meaning either."""
    for name in checkpoint.remaining:
        info = checkpoint.infos[name]
        if not config.is_spare(name):
            raise CheckpointError(
                f"{info.shard} holds {quoted(info.stored)}, which a model of config.json's shape "
                "does not have; config.json and the weights do not belong together."
            )
        _log.info("%s: %s is not used", checkpoint.folder, printable(info.stored))
