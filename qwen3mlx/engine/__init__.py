"""Many requests, several models, one thread that owns MLX."""

from .answer import AnswerBuilder
from .engine import Engine, Stats
from .loaded import LoadedModel, Prepared, render_chat
from .models import Load
from .sequence import Output, Prefilled, Sequence, Token
from .slot import Slot

__all__ = [
    "AnswerBuilder",
    "Engine",
    "Load",
    "LoadedModel",
    "Output",
    "Prefilled",
    "Prepared",
    "Sequence",
    "Slot",
    "Stats",
    "Token",
    "render_chat",
]
