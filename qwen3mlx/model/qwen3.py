"""Qwen3: embedding, blocks, norm, head; MoE differs from dense in the blocks' feed-forward part."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from ..config import ModelConfig
from ..config.memory import kv_group_size
from .attention import Attention
from .cache import AttentionContext, KVCache, NoCache, QuantizedKVCache
from .experts import ExpertStore
from .feed_forward import FeedForward
from .linear import Embedding, NoHead, Projection, QuantizedEmbedding
from .rope import Turns


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    eps: float
    input_layernorm: mx.array
    post_attention_layernorm: mx.array
    self_attn: Attention
    mlp: FeedForward

    def __call__(
        self, x: mx.array, context: AttentionContext, *, last_only: bool = False
    ) -> mx.array:
        """x [B, L, hidden] -> the same shape, or only its last position [B, 1, hidden]."""
        normed = mx.fast.rms_norm(x, self.input_layernorm, self.eps)
        attended = self.self_attn(normed, context, last_only=last_only)
        x = (x[:, -1:] if last_only else x) + attended
        return x + self.mlp(mx.fast.rms_norm(x, self.post_attention_layernorm, self.eps))


@dataclass(frozen=True, slots=True, eq=False)
class Qwen3:
    """A loaded model. `dtype` is its compute dtype; `nbytes` is the memory its weights take.

    `config.kind` says what `lm_head` is: a language model's head, or what stands in its place, a
    classifier's `score`, or nothing in an embedding model.
    """

    config: ModelConfig
    dtype: mx.Dtype
    shared_nbytes: int
    kv_bits: int | None
    embed_tokens: Embedding | QuantizedEmbedding
    blocks: tuple[Block, ...]
    norm: mx.array
    lm_head: Projection | NoHead
    experts: ExpertStore

    @property
    def nbytes(self) -> int:
        """The memory that its weights take now."""
        return self.shared_nbytes + self.experts.nbytes

    def __call__(self, ids: mx.array, cache: KVCache | None = None) -> mx.array:
        """ids [B, L] -> logits [B, L, vocab]; with a cache, the ids continue its content.

        A classifier returns scores [B, L, labels], an embedding model hidden states [B, L, hidden];
        those of the last token are the text's.
        """
        hidden = self.hidden(ids, NoCache() if cache is None else cache)
        if cache is not None:
            cache.advance(ids.shape[1])
        return self.lm_head(hidden)

    def hidden(self, ids: mx.array, context: AttentionContext) -> mx.array:
        """ids [B, L] -> the last hidden states [B, L, hidden], normalized, before the head."""
        return self._hidden(ids, context, last_only=False)

    def last_hidden(self, ids: mx.array, context: AttentionContext) -> mx.array:
        """Like `hidden`, for the last position alone [B, 1, hidden].

        The last block then computes keys and values of all tokens, and everything else for only
        one.
        """
        return self._hidden(ids, context, last_only=True)

    def _hidden(self, ids: mx.array, context: AttentionContext, *, last_only: bool) -> mx.array:
        x = self.embed_tokens(ids)
        for block in self.blocks[:-1]:
            x = block(x, context)
        x = self.blocks[-1](x, context, last_only=last_only)
        return mx.fast.rms_norm(x, self.norm, self.config.rms_norm_eps)

    def turns(self, offset: mx.array) -> Turns:
        """How one token of each row is rotated, at the positions `offset` [B]."""
        return self.blocks[0].self_attn.rope.turns(offset)

    def make_cache(self) -> KVCache:
        if self.kv_bits is None:
            return KVCache(len(self.blocks))
        return QuantizedKVCache(
            len(self.blocks), bits=self.kv_bits, group_size=kv_group_size(self.config.head_dim)
        )
