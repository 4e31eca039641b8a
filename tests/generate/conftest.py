from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate import Decoder, PromptCache, ThinkingMeter, Token, TokenStream
from qwen3mlx.model import Qwen3, load_model
from tests.support.checkpoints import DENSE, MOE, Shape, write_checkpoint

SHAPES: dict[str, Shape] = {"dense": DENSE, "moe": MOE}


@pytest.fixture(scope="session", params=SHAPES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Qwen3:
    folder = Path(tmp_path_factory.mktemp(request.param))
    return load_model(write_checkpoint(folder, SHAPES[request.param], dtype="float32"))


@pytest.fixture(scope="session")
def decoder(model: Qwen3) -> Decoder:
    return Decoder(model)


def stream(
    decoder: Decoder,
    prompt_ids: Sequence[int],
    *,
    max_tokens: int = 16,
    stop_ids: Sequence[int] = (),
    meter: ThinkingMeter | None = None,
    prompt_cache: PromptCache | None = None,
    **sampling: Any,
) -> TokenStream:
    """A stream with the settings a test does not care about filled in; greedy by default."""
    return TokenStream(
        decoder,
        prompt_ids,
        SamplingParams(**{"temperature": 0.0, **sampling}),
        max_tokens=max_tokens,
        stop_ids=stop_ids,
        meter=meter or ThinkingMeter(None, None),
        prompt_cache=prompt_cache,
    )


def ids_of(stream: TokenStream) -> list[int]:
    return [item.id for item in stream if isinstance(item, Token)]
