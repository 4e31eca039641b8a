"""Many requests, several models, one thread that owns MLX."""

from .answer import AnswerBuilder
from .engine import Engine, Stats
from .loaded import LoadedModel, Prepared
from .models import Load
from .sequence import Output, Sequence
from .slot import Slot

__all__ = [
    "AnswerBuilder",
    "Engine",
    "Load",
    "LoadedModel",
    "Output",
    "Prepared",
    "Sequence",
    "Slot",
    "Stats",
]
