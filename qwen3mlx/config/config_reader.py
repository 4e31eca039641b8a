"""Values of config.json by type, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import CheckpointError
from ..quoting import quoted

# Several times the values of the largest released checkpoint: an untrusted file's numbers are used
# in arithmetic and loops before anything is loaded.
_MOST = {
    "vocab_size": 1 << 22,
    "hidden_size": 1 << 17,
    "intermediate_size": 1 << 20,
    "num_hidden_layers": 1024,
    "num_attention_heads": 1024,
    "num_key_value_heads": 1024,
    "head_dim": 4096,
    "max_position_embeddings": 1 << 27,
    "num_experts": 4096,
    "num_local_experts": 4096,
    "num_experts_per_tok": 4096,
    "moe_intermediate_size": 1 << 20,
    "decoder_sparse_step": 1024,
}


class ConfigReader(NamedTuple):
    """Every method raises CheckpointError, which names the file and the key."""

    raw: Mapping[str, Any]
    source: str

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a positive integer, as required for every size and count."""
        value = self.raw.get(key, default)
        if value is None:
            raise CheckpointError(f"{self.source} has no {quoted(key)}.")
        most = _MOST[key]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            raise CheckpointError(
                f"{self.source} has {key} {quoted(value)}; it must be an integer from 1 to "
                f"{most:,}."
            )
        return value

    def integers(self, key: str) -> tuple[int, ...]:
        value = self.raw.get(key) or []
        if not isinstance(value, list) or any(type(item) is not int for item in value):
            raise CheckpointError(
                f"{self.source} has {key} {quoted(value)}; it must be a list of integers."
            )
        return tuple(value)

    def word(self, key: str) -> str | None:
        value = self.raw.get(key)
        if value is not None and not (isinstance(value, str) and len(value) <= 32):
            raise CheckpointError(
                f"{self.source} has {key} {quoted(value)}; it must be a short string."
            )
        return value

    def flag(self, key: str) -> bool:
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            raise CheckpointError(
                f"{self.source} has {key} {quoted(value)}; it must be true or false."
            )
        return value
