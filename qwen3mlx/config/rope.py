"""Rotary embedding, in both of its config.json spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from ..errors import CheckpointError
from ..quoting import quoted
from .json_file import number


class RopeConfig(NamedTuple):
    """Rotary embedding: `rope_theta` + `rope_scaling`, or transformers 5's `rope_parameters`.

    The only scaling is static YaRN (arXiv:2309.00071), which Qwen3's model cards recommend.
    """

    theta: float = 1_000_000.0
    kind: Literal["default", "yarn"] = "default"
    factor: float = 1.0
    original_max_position_embeddings: int = 32_768
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float | None = None
    mscale: float | None = None
    mscale_all_dim: float | None = None
    truncate: bool = True

    @classmethod
    def from_mapping(
        cls, scaling: Mapping[str, Any] | None, *, theta: float, max_positions: int, source: str
    ) -> RopeConfig:
        """Parse `rope_scaling` or `rope_parameters`; `source` names it in errors."""
        if not isinstance(scaling or {}, Mapping):
            raise CheckpointError(f"{source} is {quoted(scaling)}; it must be an object.")
        values = {key: value for key, value in (scaling or {}).items() if value is not None}
        kind = values.pop("rope_type", values.pop("type", "default"))
        values.pop("type", None)
        theta = number(values.pop("rope_theta", theta), f"{source} rope_theta", above=1)
        if kind == "default":
            if values.get("factor", 1) != 1:
                raise CheckpointError(
                    f"{source} has a factor but no type; set rope_type to 'yarn'."
                )
            return cls(theta=theta)
        if kind != "yarn":
            raise CheckpointError(
                f"{source} has rope type {quoted(kind)}; only 'default' and 'yarn' are supported."
            )
        known = set(cls._fields) - {"theta", "kind"}
        if unknown := sorted(set(map(str, values)) - known):
            raise CheckpointError(f"{source} has unknown keys for yarn: {', '.join(unknown)}.")
        if "factor" not in values:
            raise CheckpointError(f"{source} of type 'yarn' requires a 'factor'.")
        truncate = values.pop("truncate", True)
        if not isinstance(truncate, bool):
            raise CheckpointError(
                f"{source} truncate is {quoted(truncate)}; it must be true or false."
            )
        original = "original_max_position_embeddings"
        positions = number(values.pop(original, max_positions), f"{source} {original}", above=1)
        numbers = {key: number(value, f"{source} {key}", above=0) for key, value in values.items()}
        return cls(
            theta=theta,
            kind="yarn",
            original_max_position_embeddings=int(positions),
            truncate=truncate,
            **numbers,
        )
