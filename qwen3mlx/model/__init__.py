"""What Qwen3 is: layers, attention, MoE, KV caches, checkpoint loading."""

from .cache import DecodeView, KVCache, QuantizedKVCache
from .loading import load_model
from .qwen3 import Qwen3

__all__ = ["DecodeView", "KVCache", "QuantizedKVCache", "Qwen3", "load_model"]
