"""Logits -> tokens: sampler, logits processors, thinking budget; token ids only."""

from .decoder import Decoder
from .policy import Policy
from .processors import bias_array, mask_bias
from .sampler import Choice
from .thinking import ThinkingMeter

__all__ = [
    "Choice",
    "Decoder",
    "Policy",
    "ThinkingMeter",
    "bias_array",
    "mask_bias",
]
