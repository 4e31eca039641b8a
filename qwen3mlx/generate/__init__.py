"""Logits -> tokens: sampler, logits processors, thinking budget, grammar; token ids only."""

from .constraint import Constraint
from .decoder import Decoder
from .grammar import Grammar, GrammarTokenizer
from .policy import Policy
from .processors import bias_array, mask_bias
from .sampler import Choice
from .thinking import ThinkingMeter

__all__ = [
    "Choice",
    "Constraint",
    "Decoder",
    "Grammar",
    "GrammarTokenizer",
    "Policy",
    "ThinkingMeter",
    "bias_array",
    "mask_bias",
]
