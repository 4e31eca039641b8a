"""The Qwen3 model: layers, attention, MoE, KV caches, checkpoint loading."""

from .cache import KVCache, Layer, QuantizedKVCache
from .footprint import Footprint, check_fits, footprint, weight_bytes
from .kv_layout import KVRoomError
from .kv_pool import Batch, BatchArrays, BatchView, KVPool, KVRow, Run
from .loading import load_model
from .qwen3 import Qwen3

__all__ = [
    "Batch",
    "BatchArrays",
    "BatchView",
    "Footprint",
    "KVCache",
    "KVPool",
    "KVRoomError",
    "KVRow",
    "Layer",
    "QuantizedKVCache",
    "Qwen3",
    "Run",
    "check_fits",
    "footprint",
    "load_model",
    "weight_bytes",
]
