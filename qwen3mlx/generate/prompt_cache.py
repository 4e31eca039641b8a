"""The keys and values of the last request, for the next one that begins alike."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import KVCache, Qwen3


class PromptCache:
    """One conversation's cache: `ids` are the tokens whose keys and values `kv` holds."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.kv: KVCache | None = None

    def take(self, model: Qwen3, prompt_ids: Sequence[int]) -> tuple[KVCache, int]:
        """A cache that holds the longest common prefix, and its length in tokens.

        At least one prompt token is left to compute: its logits give the first new token. The cache
        is handed over; `put` gives it back. A short prompt does not keep a long one's memory.
        """
        kv, ids, self.kv, self.ids = self.kv, self.ids, None, []
        if kv is None:
            return model.make_cache(), 0
        common = 0
        for ours, theirs in zip(ids, prompt_ids[:-1], strict=False):
            if ours != theirs:
                break
            common += 1
        kv.trim(kv.offset - common)
        kv.shrink(len(prompt_ids))
        return kv, common

    def put(self, kv: KVCache, ids: list[int]) -> None:
        self.kv, self.ids = kv, ids[: kv.offset]
