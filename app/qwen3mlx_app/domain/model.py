"""Models on this computer, as the server describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a model fits in memory with its context, in bytes and tokens."""

    verdict: Literal["comfortable", "tight", "too-large"]
    context_length: int
    weight_bytes: int
    kv_bytes: int
    needed_bytes: int
    limit_bytes: int
    largest_context: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How a model is loaded, and its default sampling; None leaves it to the model."""

    context_length: int | None = None
    rope_scaling: Mapping[str, Any] | None = None
    kv_bits: int | None = None
    ttl: float | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in memory; with `ttl` None it is never unloaded."""

    context_length: int
    kv_bits: int | None
    nbytes: int
    ttl: float | None
    num_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model on this computer, as the server describes it."""

    id: str
    path: str
    source: Literal["demo", "cache", "folder"]
    publisher: str
    params: str
    quantization: str | None
    bits_per_weight: float
    size_bytes: int
    max_context_length: int
    is_chat: bool
    is_embedding: bool
    can_think: bool
    thinks_by_default: bool
    can_disable_thinking: bool
    state: Literal["loaded", "loading", "not-loaded"]
    load_progress: float | None
    loaded: LoadedModel | None
    settings: ModelSettings
    sampling_defaults: Mapping[str, Mapping[str, float]]
    fit: Fit

    @property
    def name(self) -> str:
        """The name without its publisher."""
        return self.id.rpartition("/")[2]

    @property
    def context_length(self) -> int:
        """The context length it has in memory, or would be loaded with."""
        return self.loaded.context_length if self.loaded else self.fit.context_length

    def not_loaded(self) -> ModelEntry:
        """The same model, unloaded."""
        return replace(self, state="not-loaded", load_progress=None, loaded=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenModel:
    """A model on this computer that cannot be loaded, and why, as the server says it."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder that is searched for models."""

    path: str
    source: Literal["user", "lmstudio", "cache"]
    exists: bool
    num_models: int
