"""Commands from other threads to the engine's thread, as values; the worker runs them in order."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from pathlib import Path
from typing import NamedTuple

from ..config import LoadOptions
from .model_pool import ProgressCallback
from .resident_model import ResidentModel
from .sequence import Sequence


class LoadModel(NamedTuple):
    """Load a model. With `options` None, a resident model is used as it is, and others load with
    defaults.
    """

    model_id: str
    path: Path
    options: LoadOptions | None
    on_progress: ProgressCallback | None


class Adapt(NamedTuple):
    """Make a model of `base` and the adapter in `folder`, unless it is in memory."""

    base: ResidentModel
    model_id: str
    folder: Path


class UnloadModel(NamedTuple):
    model_id: str


class KeepModel(NamedTuple):
    """Keep `resident` in memory for `ttl_s` seconds after its last request."""

    resident: ResidentModel
    ttl_s: float


class Submit(NamedTuple):
    """Queue a sequence. Its model then stays for `ttl_s` seconds; None: for its own limit."""

    resident: ResidentModel
    sequence: Sequence
    ttl_s: float | None


class Cancel(NamedTuple):
    resident: ResidentModel
    sequence: Sequence


class Embed(NamedTuple):
    """Compute an embedding of each of `inputs`, which are token ids, or the logits of
    `token_ids` after it.
    """

    resident: ResidentModel
    inputs: SequenceOf[SequenceOf[int]]
    token_ids: SequenceOf[int] | None
    ttl_s: float | None


class Close(NamedTuple):
    """Stop the thread."""


Command = LoadModel | Adapt | UnloadModel | KeepModel | Submit | Cancel | Embed | Close
