"""A GGUF file's metadata -> config.json and generation_config.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwen3mlx.config.gguf_header import ARCHITECTURES, GgufTensor
from qwen3mlx.errors import CheckpointError
from qwen3mlx.quoting import quoted

Json = dict[str, Any]
Tensors = Mapping[str, GgufTensor]
# Facts that change the computation, and the values with which it is Qwen3's.
_EXPECTED: dict[str, tuple[object, ...]] = {
    "attention.causal": (True,),
    "attention.sliding_window": (0,),
    "expert_gating_func": (0, 1),
    "expert_group_count": (0, 1),
    "expert_shared_count": (0,),
    "expert_shared_feed_forward_length": (0,),
    "expert_weights_norm": (True,),
    "expert_weights_scale": (0, 1),
    "final_logit_softcapping": (0,),
    "logit_scale": (0, 1),
    "nextn_predict_layers": (0,),
    "use_parallel_residual": (False,),
}
# What lies beside models in their repositories, by `general.type`, or the architecture before that.
_BESIDE_MODELS = {
    "adapter": "a LoRA adapter",
    "clip": "a projector for images",
    "imatrix": "an importance matrix",
    "mmproj": "a projector for images",
}
_POOLING_KINDS = {0: "ForCausalLM", 3: "Model", 4: "ForSequenceClassification"}
# Beside the one that the file names: llama.cpp ends an answer at these, too.
_END_TOKENS = ("<|im_end|>", "<|endoftext|>")
_CONTROL = 3


class Facts:
    """The metadata of the file `path`, whose keys begin with its architecture's name."""

    def __init__(self, metadata: Mapping[str, Any], path: Path) -> None:
        self.metadata = metadata
        self.path = path
        kind = metadata.get("general.type", "model")
        self.architecture = str(metadata.get("general.architecture"))
        beside = _BESIDE_MODELS.get(self.architecture if kind == "model" else str(kind))
        if kind != "model" or beside is not None:
            raise CheckpointError(
                f"{path} holds {beside or quoted(kind)}, and no model: import the file that holds "
                "the model's weights."
            )
        if self.architecture not in ARCHITECTURES:
            raise CheckpointError(
                f"{path} holds a model of the family {quoted(self.architecture)}; only those of "
                f"{' and '.join(ARCHITECTURES)} can be imported: take a Qwen3."
            )
        for key, values in _EXPECTED.items():
            if (value := self.get(key)) is not None and value not in values:
                raise CheckpointError(
                    f"{path} has {key} {quoted(value)}, which a Qwen3 does not have."
                )

    def get(self, key: str) -> Any:
        """Return what the architecture's `key` says; None if the file does not say it."""
        return self.metadata.get(f"{self.architecture}.{key}")

    def number(self, key: str) -> Any:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise CheckpointError(f"{self.path} has {key} {quoted(value)}; it must be a number.")
        return value


def config_of(facts: Facts, tensors: Tensors) -> Json:
    """Return config.json, still unchecked. Raises CheckpointError for what no Qwen3 has."""
    embedding = tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise CheckpointError(f"{facts.path} has no token_embd.weight; download it again.")
    heads = facts.number("attention.head_count")
    hidden = facts.number("embedding_length")
    config: Json = {
        "attention_bias": False,
        "eos_token_id": facts.metadata.get("tokenizer.ggml.eos_token_id"),
        "head_dim": _head_dim(facts, hidden, heads),
        "hidden_act": "silu",
        "hidden_size": hidden,
        "max_position_embeddings": facts.number("context_length"),
        "model_type": ARCHITECTURES[facts.architecture],
        "num_attention_heads": heads,
        "num_hidden_layers": facts.number("block_count"),
        "num_key_value_heads": facts.number("attention.head_count_kv"),
        "rms_norm_eps": _shortest(facts.number("attention.layer_norm_rms_epsilon")),
        "rope_scaling": _rope_scaling(facts),
        "rope_theta": _shortest(facts.get("rope.freq_base") or 10_000.0),
        "tie_word_embeddings": "output.weight" not in tensors,
        "vocab_size": embedding.shape[0],
    }
    return config | _kind(facts) | _feed_forward(facts, tensors)


def generation_config_of(metadata: Mapping[str, Any]) -> Json:
    """Return generation_config.json: the tokens that end an answer."""
    ids = [metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot")]
    tokens = metadata.get("tokenizer.ggml.tokens") or []
    types = metadata.get("tokenizer.ggml.token_type") or []
    for token in _END_TOKENS:
        found = tokens.index(token) if token in tokens else len(types)
        if found < len(types) and types[found] == _CONTROL:
            ids.append(found)
    return {"eos_token_id": list(dict.fromkeys(i for i in ids if i is not None))}


def _head_dim(facts: Facts, hidden: int, heads: int) -> Any:
    size = facts.get("attention.key_length") or (hidden // heads if heads else 0)
    for key in ("attention.value_length", "rope.dimension_count"):
        if (other := facts.get(key)) is not None and other != size:
            raise CheckpointError(
                f"{facts.path} has {key} {quoted(other)} and keys of {quoted(size)} numbers; in a "
                "Qwen3 they are equal."
            )
    return size


def _kind(facts: Facts) -> Json:
    pooling = facts.get("pooling_type") or 0
    if pooling not in _POOLING_KINDS:
        raise CheckpointError(
            f"{facts.path} has pooling_type {quoted(pooling)}; a Qwen3 embeds with the last token "
            "(3) or ranks (4)."
        )
    prefix = "Qwen3Moe" if facts.architecture == "qwen3moe" else "Qwen3"
    kind: Json = {"architectures": [prefix + _POOLING_KINDS[pooling]]}
    if pooling == 4:
        labels = facts.get("classifier.output_labels") or ["yes"]
        kind["id2label"] = {str(i): label for i, label in enumerate(sorted(labels))}
    return kind


def _feed_forward(facts: Facts, tensors: Tensors) -> Json:
    if facts.architecture == "qwen3":
        return {"intermediate_size": facts.number("feed_forward_length")}
    layers = range(min(facts.number("block_count"), 4096))
    dense = [i for i in layers if f"blk.{i}.ffn_gate_inp.weight" not in tensors]
    return {
        "decoder_sparse_step": 1,
        "intermediate_size": facts.get("feed_forward_length")
        or facts.number("expert_feed_forward_length"),
        "mlp_only_layers": dense,
        "moe_intermediate_size": facts.number("expert_feed_forward_length"),
        "norm_topk_prob": True,  # as llama.cpp computes it, whatever the model
        "num_experts": facts.number("expert_count"),
        "num_experts_per_tok": facts.number("expert_used_count"),
    }


def _rope_scaling(facts: Facts) -> Json | None:
    kind = facts.get("rope.scaling.type") or "none"
    if kind == "none":
        return None
    if kind not in ("yarn", "linear"):
        raise CheckpointError(
            f"{facts.path} has rope.scaling.type {quoted(kind)}; those supported are none, linear "
            "and yarn."
        )
    scaling: Json = {"rope_type": kind, "factor": _shortest(facts.number("rope.scaling.factor"))}
    if kind == "yarn":
        names = {
            "original_context_length": "original_max_position_embeddings",
            "attn_factor": "attn_factor",
            "yarn_beta_fast": "beta_fast",
            "yarn_beta_slow": "beta_slow",
        }
        for key, name in names.items():
            if facts.get(f"rope.scaling.{key}") is not None:
                scaling[name] = _shortest(facts.number(f"rope.scaling.{key}"))
    return scaling


def _shortest(value: Any) -> Any:
    """Return the number that was stored in 32 bits as it was written: 1e-06."""
    return float(f"{value:.7g}") if isinstance(value, float) else value
