"""What other threads ask of the engine's, as values; the worker carries them out in order."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from pathlib import Path

from ..config import LoadOptions
from .model_pool import ProgressCallback
from .resident_model import ResidentModel
from .sequence import Sequence


@dataclass(frozen=True, slots=True)
class LoadModel:
    """`options` None takes the model as it is in memory, or loads it with defaults."""

    model_id: str
    path: Path
    options: LoadOptions | None
    on_progress: ProgressCallback | None


@dataclass(frozen=True, slots=True)
class UnloadModel:
    model_id: str


@dataclass(frozen=True, slots=True)
class KeepModel:
    """Keep `resident` for `ttl_s` seconds after its last request."""

    resident: ResidentModel
    ttl_s: float


@dataclass(frozen=True, slots=True)
class Submit:
    """`ttl_s` as in `KeepModel`, after this request; None: what the model has."""

    resident: ResidentModel
    sequence: Sequence
    ttl_s: float | None


@dataclass(frozen=True, slots=True)
class Cancel:
    resident: ResidentModel
    sequence: Sequence


@dataclass(frozen=True, slots=True)
class Embed:
    """`inputs` are token ids."""

    resident: ResidentModel
    inputs: SequenceOf[SequenceOf[int]]
    ttl_s: float | None


@dataclass(frozen=True, slots=True)
class Close:
    """End the thread."""


Command = LoadModel | UnloadModel | KeepModel | Submit | Cancel | Embed | Close
