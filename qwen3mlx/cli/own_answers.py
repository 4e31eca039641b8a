"""`quantize --calibration self`: the model that is quantized answers, in this process's engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.offline import answer_all
from ..request import GenerationRequest

if TYPE_CHECKING:
    from qwen3mlx_quantize import Question


def answer(
    folder: Path,
    questions: Iterator[Question],
    on_load: Callable[[int, int], None],
    on_step: Callable[[int], None],
) -> Generator[tuple[int, list[int]]]:
    """The `Answer` of `qwen3mlx_quantize.run`; see `answer_all`."""
    return answer_all(folder, map(_request, questions), on_load=on_load, on_step=on_step)


def _request(question: Question) -> GenerationRequest:
    """Sample as the model's own settings say. A template without a switch answers as it does."""
    return GenerationRequest(
        messages=[{"role": "user", "content": question.prompt}],
        tools=question.tools,
        enable_thinking=question.thinks,
        sampling={
            "seed": question.seed,
            "max_tokens": question.most_tokens,
            "thinking_budget": question.most_tokens // 2,
        },
    )
