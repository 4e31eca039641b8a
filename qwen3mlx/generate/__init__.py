"""Logits -> tokens: sampler, logits processors, thinking budget, decode loop; token ids only."""

from .decoder import Decoder
from .prompt_cache import PromptCache
from .stream import Prefilled, Token, TokenStream
from .thinking import ThinkingMeter

__all__ = ["Decoder", "Prefilled", "PromptCache", "ThinkingMeter", "Token", "TokenStream"]
