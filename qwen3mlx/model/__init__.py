"""What Qwen3 is: layers, attention, MoE, KV caches, checkpoint loading."""

from .cache import BatchView, DecodeView, KVCache, QuantizedKVCache, capacity_for
from .loading import load_model, weight_bytes
from .qwen3 import Qwen3

__all__ = [
    "BatchView",
    "DecodeView",
    "KVCache",
    "QuantizedKVCache",
    "Qwen3",
    "capacity_for",
    "load_model",
    "weight_bytes",
]
