"""The facts that dialects report about a model."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

from ...config import LoadOptions, SamplingParams
from ...engine import PendingLoad, ResidentModel
from ...library.local_model import LocalModel


class ResidentInfo(NamedTuple):
    """A model in memory. `expires_in_s` is None while it is in use, and if it never expires."""

    context_length: int
    load_options: LoadOptions
    ttl_s: float
    expires_in_s: float | None
    nbytes: int
    num_requests: int

    @classmethod
    def of(cls, slot: ResidentModel) -> ResidentInfo:
        expires_in_s = slot.expires_at - time.monotonic()
        return cls(
            context_length=slot.loaded.config.max_position_embeddings,
            load_options=slot.options,
            ttl_s=slot.ttl_s,
            expires_in_s=expires_in_s if math.isfinite(expires_in_s) else None,
            nbytes=slot.nbytes,
            num_requests=slot.num_requests,
        )


@dataclass(frozen=True, slots=True)
class ModelInfo(LocalModel):
    """A model on this computer, in memory or not; `load_progress` goes from 0 to 1."""

    state: Literal["loaded", "loading", "not-loaded"] = "not-loaded"
    loaded: ResidentInfo | None = None
    load_progress: float | None = None

    @property
    def context_length(self) -> int:
        """Tokens: as it was loaded, or else the most it supports."""
        return self.loaded.context_length if self.loaded else self.max_context_length

    @classmethod
    def of(
        cls, local: LocalModel, resident: ResidentModel | None, load: PendingLoad | None
    ) -> ModelInfo:
        known = {field.name: getattr(local, field.name) for field in fields(LocalModel)}
        if resident is not None:
            return cls(**known, state="loaded", loaded=ResidentInfo.of(resident))
        if load is not None:
            return cls(**known, state="loading", load_progress=load.progress)
        return cls(**known)


class LoadResult(NamedTuple):
    """`load_time_s` is None if the model was already in memory."""

    info: ModelInfo
    load_time_s: float | None


class Outline(NamedTuple):
    """What is known of an answer before any grammar is compiled."""

    info: ModelInfo
    prompt_tokens: int
    params: SamplingParams
