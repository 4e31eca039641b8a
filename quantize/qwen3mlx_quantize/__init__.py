"""Quantization of a float Qwen3 checkpoint to MLX's format, and measurement of its loss.

    from qwen3mlx_quantize import QuantizeRequest, run
    run(QuantizeRequest(source=Path("Qwen3-8B"), output=Path("Qwen3-8B-4bit")), print)

`run` and `evaluate` serve the command line, the window and Python alike. The way of one tensor is
`steps`: `source` reads its rows, the `quantizer` packs them, and `staging` writes them.
"""

from .common import ConversionError, TextError
from .conversion import QuantizeResult
from .discarding import discard
from .evaluation import Evaluation, evaluate
from .events import Event, JobWarning, OnEvent, Progress
from .fusing import FuseRequest, fuse
from .job import run
from .quality import Quality
from .recipe import Recipe
from .request import EvaluateRequest, QuantizeRequest
from .texts.own_answers import Answer, Question

__all__ = [
    "Answer",
    "ConversionError",
    "EvaluateRequest",
    "Evaluation",
    "Event",
    "FuseRequest",
    "JobWarning",
    "OnEvent",
    "Progress",
    "Quality",
    "QuantizeRequest",
    "QuantizeResult",
    "Question",
    "Recipe",
    "TextError",
    "discard",
    "evaluate",
    "fuse",
    "run",
]
