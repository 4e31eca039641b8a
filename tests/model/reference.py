"""Qwen3 in numpy, float64, straight from its description: slow, and without any of our code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .support import attention, read_tensors

Tensors = Mapping[str, np.ndarray]


def logits(folder: Path, ids: np.ndarray) -> np.ndarray:
    """ids [B, L] -> logits [B, L, vocab]; no YaRN."""
    config = json.loads((folder / "config.json").read_text())
    tensors = {
        name: np.array(tensor).astype(np.float64) for name, tensor in read_tensors(folder).items()
    }
    eps = config["rms_norm_eps"]
    x = tensors["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        path = f"model.layers.{layer}"
        normed = _norm(x, tensors[f"{path}.input_layernorm.weight"], eps)
        x = x + _attention(normed, tensors, f"{path}.self_attn", config)
        normed = _norm(x, tensors[f"{path}.post_attention_layernorm.weight"], eps)
        x = x + _feed_forward(normed, tensors, f"{path}.mlp", config)
    x = _norm(x, tensors["model.norm.weight"], eps)
    return x @ tensors.get("lm_head.weight", tensors["model.embed_tokens.weight"]).T


def _norm(x: np.ndarray, weight: np.ndarray, eps: float) -> np.ndarray:
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps) * weight


def _attention(x: np.ndarray, tensors: Tensors, path: str, config: Any) -> np.ndarray:
    batch, length, _ = x.shape
    queries, keys, values = (
        (x @ tensors[f"{path}.{name}_proj.weight"].T).reshape(batch, length, -1, config["head_dim"])
        for name in "qkv"
    )
    eps, theta = config["rms_norm_eps"], config["rope_theta"]
    queries = _rotated(_norm(queries, tensors[f"{path}.q_norm.weight"], eps), theta)
    keys = _rotated(_norm(keys, tensors[f"{path}.k_norm.weight"], eps), theta)
    heads = (part.transpose(0, 2, 1, 3) for part in (queries, keys, values))
    output = attention(*heads).transpose(0, 2, 1, 3).reshape(batch, length, -1)
    return output @ tensors[f"{path}.o_proj.weight"].T


def _rotated(x: np.ndarray, theta: float) -> np.ndarray:
    """x [B, L, heads, D]; halves of a head are the two coordinates of each plane."""
    length, half = x.shape[1], x.shape[3] // 2
    angles = np.arange(length)[:, None] * theta ** (-np.arange(half) / half)
    cos, sin = (f(angles)[None, :, None] for f in (np.cos, np.sin))
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def _feed_forward(x: np.ndarray, tensors: Tensors, path: str, config: Any) -> np.ndarray:
    if f"{path}.gate.weight" not in tensors:
        return _swiglu(x, tensors, path)
    k, scores = config["num_experts_per_tok"], x @ tensors[f"{path}.gate.weight"].T
    probabilities = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    chosen = np.sort(probabilities, axis=-1)[..., -k:]
    weights = np.where(probabilities >= chosen[..., :1], probabilities, 0.0)
    if config["norm_topk_prob"]:
        weights /= weights.sum(axis=-1, keepdims=True)
    outputs = [
        _swiglu(x, tensors, f"{path}.experts.{expert}") for expert in range(weights.shape[-1])
    ]
    return np.einsum("eblh,ble->blh", np.stack(outputs), weights)


def _swiglu(x: np.ndarray, tensors: Tensors, path: str) -> np.ndarray:
    gate, up = (x @ tensors[f"{path}.{name}_proj.weight"].T for name in ("gate", "up"))
    return (gate / (1 + np.exp(-gate)) * up) @ tensors[f"{path}.down_proj.weight"].T
