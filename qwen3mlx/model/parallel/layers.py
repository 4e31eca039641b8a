"""The places at which ranks exchange arrays. Every rank reaches them in the same order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx

from ..cache import AttentionContext
from ..qwen3 import Qwen3
from .share import Share

# A projection, an embedding or a feed-forward part, of which a rank has some.
Part = Callable[[mx.array], mx.array]


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """Adds up what each rank's part of a projection, or of a feed-forward part, gives."""

    part: Part
    group: mx.distributed.Group

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., the rank's in] -> [..., out], the same on all ranks."""
        return mx.distributed.all_sum(self.part(x), group=self.group)


@dataclass(frozen=True, slots=True, eq=False)
class SharedEmbedding:
    """`part` has the vectors of the tokens from `first` on, `count` of them."""

    part: Part
    first: int
    count: int
    group: mx.distributed.Group

    def __call__(self, ids: mx.array) -> mx.array:
        """ids [B, L] -> [B, L, hidden], the same on all ranks."""
        local = ids.astype(mx.int32) - self.first
        is_own = (local >= 0) & (local < self.count)
        vectors = self.part(mx.where(is_own, local, 0))
        own = mx.where(is_own[..., None], vectors, mx.zeros_like(vectors))
        return mx.distributed.all_sum(own, group=self.group)


@dataclass(frozen=True, slots=True, eq=False)
class SharedHead:
    """`part` has the rows of a rank's tokens, at most `most` of `vocab_size`."""

    part: Part
    most: int
    vocab_size: int
    group: mx.distributed.Group

    def __call__(self, x: mx.array) -> mx.array:
        """x [B, L, hidden] -> logits [B, L, vocab], the same on all ranks."""
        own = self.part(x)
        if own.shape[-1] < self.most:
            own = mx.pad(own, [(0, 0)] * (own.ndim - 1) + [(0, self.most - own.shape[-1])])
        parts = mx.distributed.all_gather(own[None], group=self.group)
        return mx.moveaxis(parts, 0, -2).flatten(-2)[..., : self.vocab_size]


@dataclass(frozen=True, slots=True, eq=False)
class Stage(Qwen3):
    """Some layers of a model, between those of the previous rank and those of the next."""

    share: Share
    group: mx.distributed.Group

    def _hidden(self, ids: mx.array, context: AttentionContext, *, last_only: bool) -> mx.array:
        """All ranks return the same; nothing waits for what only others need, so it is evaluated
        here.
        """
        x = self.embed_tokens(ids)
        mx.async_eval(x)  # type: ignore[no-untyped-call]  # mlx 0.32 has no stub
        rank, is_last = self.share.rank, self.share.is_last
        if rank:
            x = mx.distributed.recv_like(x, rank - 1, group=self.group)
        for block in self.blocks[:-1]:
            x = block(x, context)
        x = self.blocks[-1](x, context, last_only=last_only and is_last)
        if not is_last:
            sent = mx.distributed.send(x, rank + 1, group=self.group)
            mx.async_eval(sent)  # type: ignore[no-untyped-call]
            x = mx.zeros_like(x[:, -1:] if last_only else x)
        x = mx.distributed.all_sum(x, group=self.group)
        return mx.fast.rms_norm(x, self.norm, self.config.rms_norm_eps)
