"""What other threads ask of the engine's, as values; the worker carries them out in order."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..config import LoadOptions
from .model_pool import ProgressCallback
from .resident_model import ResidentModel
from .sequence import Sequence


class LoadModel(NamedTuple):
    """`options` None takes the model as it is in memory, or loads it with defaults."""

    model_id: str
    path: Path
    options: LoadOptions | None
    on_progress: ProgressCallback | None


class UnloadModel(NamedTuple):
    model_id: str


class KeepModel(NamedTuple):
    """Keep `resident` for `ttl_s` seconds after its last request."""

    resident: ResidentModel
    ttl_s: float


class Submit(NamedTuple):
    """`ttl_s` as in `KeepModel`, after this request; None: what the model has."""

    resident: ResidentModel
    sequence: Sequence
    ttl_s: float | None


class Cancel(NamedTuple):
    resident: ResidentModel
    sequence: Sequence


class Embed(NamedTuple):
    """`inputs` are token ids."""

    resident: ResidentModel
    inputs: SequenceOf[SequenceOf[int]]
    ttl_s: float | None


@dataclass(frozen=True, slots=True)
class Close:
    """End the thread."""


Command = LoadModel | UnloadModel | KeepModel | Submit | Cancel | Embed | Close
