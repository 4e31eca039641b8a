"""Logits -> tokens: sampler, logits processors, thinking budget; token ids only."""

from .decoder import Decoder
from .processors import bias_array, mask_bias
from .sampler import SampledTokens
from .sampling_batch import SamplingBatch
from .thinking import ThinkingMeter
from .warm_up import warm_up

__all__ = [
    "Decoder",
    "SampledTokens",
    "SamplingBatch",
    "ThinkingMeter",
    "bias_array",
    "mask_bias",
    "warm_up",
]
