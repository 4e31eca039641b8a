"""Rotary embedding, in both of its config.json spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from ..errors import CheckpointError
from ..quoting import quoted
from .json_file import number

Kind = Literal["default", "yarn", "linear", "dynamic"]
_ORIGINAL = "original_max_position_embeddings"


class RopeConfig(NamedTuple):
    """Rotary embedding: `rope_theta` + `rope_scaling`, or transformers 5's `rope_parameters`.

    Qwen3's model cards recommend static YaRN (arXiv:2309.00071). `linear` divides positions by
    `factor`. `dynamic` changes nothing up to `max_position_embeddings`, where the context ends.
    `attn_factor` multiplies YaRN's own attention factor, as in vLLM and llama.cpp: that of
    DeepSeek-R1-0528-Qwen3-8B is its reciprocal. transformers ignores it.
    """

    theta: float = 1_000_000.0
    kind: Kind = "default"
    factor: float = 1.0
    original_max_position_embeddings: int = 32_768
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float | None = None
    attn_factor: float = 1.0
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
        if values.pop("partial_rotary_factor", 1) != 1:
            raise CheckpointError(f"{source} has a partial_rotary_factor, which is not supported.")
        if kind == "default":
            if values.get("factor", 1) != 1:
                raise CheckpointError(
                    f"{source} has a factor but no type; set rope_type to 'yarn'."
                )
            if nested := sorted(key for key, value in values.items() if isinstance(value, Mapping)):
                raise CheckpointError(
                    f"{source} has {quoted(nested[0])} with parameters of its own; a Qwen3 has the "
                    "same for all layers."
                )
            return cls(theta=theta)
        if kind not in get_args(Kind):
            raise CheckpointError(
                f"{source} has rope type {quoted(kind)}; those supported are "
                f"{', '.join(get_args(Kind))}."
            )
        known = set(cls._fields) - {"theta", "kind"} if kind == "yarn" else {"factor", _ORIGINAL}
        if unknown := sorted(set(map(str, values)) - known):
            raise CheckpointError(f"{source} has unknown keys for {kind}: {', '.join(unknown)}.")
        if "factor" not in values:
            raise CheckpointError(f"{source} of type {quoted(kind)} requires a 'factor'.")
        truncate = values.pop("truncate", True)
        if not isinstance(truncate, bool):
            raise CheckpointError(
                f"{source} truncate is {quoted(truncate)}; it must be true or false."
            )
        positions = number(values.pop(_ORIGINAL, max_positions), f"{source} {_ORIGINAL}", above=1)
        numbers = {key: number(value, f"{source} {key}", above=0) for key, value in values.items()}
        return cls(
            theta=theta,
            kind=kind,
            original_max_position_embeddings=int(positions),
            truncate=truncate,
            **numbers,
        )
