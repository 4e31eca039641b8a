"""Serves many requests on several models, with one thread that owns MLX."""

from .answer import AnswerBuilder
from .engine import Engine, Stats
from .loaded import LoadedModel, Prepared, render_chat
from .model_pool import PendingLoad
from .outputs import Output, PrefillOutput, Token
from .resident_model import ResidentModel
from .sequence import Sequence

__all__ = [
    "AnswerBuilder",
    "Engine",
    "LoadedModel",
    "Output",
    "PendingLoad",
    "PrefillOutput",
    "Prepared",
    "ResidentModel",
    "Sequence",
    "Stats",
    "Token",
    "render_chat",
]
