"""A model that computes NaN ends the request with an error, and no other one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.rows import read_rows
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.errors import CheckpointError
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model
from tests.model.support import read_tensors, replace_tensors
from tests.support.checkpoints import DENSE, MOE, Shape, write_checkpoint

from .support import Request, finish, ids_alone, run, scheduler_for

# The token whose vector is not a number, and prompts without it.
NAN = 7
PROMPTS = [[5, 17, 200, 31, 8], [9], [44, 45, 46] * 15]
FORCED = {"logit_bias": {NAN: 100.0}, "max_tokens": 40}


def damaged(folder: Path, shape: Shape, value: float = float("nan")) -> Path:
    write_checkpoint(folder, shape, dtype="float32")
    tensors = read_tensors(folder)
    vectors = tensors["model.embed_tokens.weight"]
    vectors[NAN] = mx.full(vectors.shape[1:], value)
    replace_tensors(folder, tensors)
    return folder


@pytest.fixture(scope="module", params=["dense", "moe", "kv8"])
def decoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    folder = damaged(tmp_path_factory.mktemp("damaged"), MOE if request.param == "moe" else DENSE)
    bits = 8 if request.param == "kv8" else None
    return Decoder(load_model(folder, options=LoadOptions(kv_bits=bits)))


@pytest.fixture
def scheduler(decoder: Decoder) -> Scheduler:
    return scheduler_for(decoder)


def assert_refused(request: Request) -> None:
    assert isinstance(request.error, CheckpointError)
    assert "not finite" in str(request.error)
    assert "\n" not in str(request.error)


@pytest.mark.parametrize("sampling", [{}, {"temperature": 1.0, "seed": 1}, {"logprobs": True}])
def test_a_prompt_that_gives_no_numbers_gets_no_token(
    scheduler: Scheduler, sampling: dict[str, Any]
) -> None:
    request = run(scheduler, [5, NAN, 8], **sampling)
    assert_refused(request)
    assert request.ids == []


def test_infinite_numbers_are_none(tmp_path: Path) -> None:
    decoder = Decoder(load_model(damaged(tmp_path, DENSE, float("inf"))))
    assert_refused(run(scheduler_for(decoder), [NAN]))


def test_an_answer_ends_where_its_numbers_do(scheduler: Scheduler) -> None:
    request = run(scheduler, PROMPTS[0], **FORCED)
    assert_refused(request)
    assert request.ids == [NAN]


def test_the_rest_of_the_batch_goes_on(decoder: Decoder, scheduler: Scheduler) -> None:
    good = [Request(prompt, max_tokens=30) for prompt in PROMPTS]
    bad = [Request(PROMPTS[1], **FORCED), Request([NAN] * 3), Request(PROMPTS[0], **FORCED)]
    for request in (good[0], bad[0], good[1], bad[1], bad[2], good[2]):
        scheduler.submit(request.sequence)
        scheduler.step()
    finish(scheduler, *good, *bad)
    for request in bad:
        assert_refused(request)
    for request, prompt in zip(good, PROMPTS, strict=True):
        assert request.ids == ids_alone(decoder, prompt, max_tokens=30)


def test_the_next_row_of_a_place_finds_nothing_of_it(
    decoder: Decoder, scheduler: Scheduler
) -> None:
    """What a mask hides is multiplied by zero, and zero times NaN is NaN."""
    kept = [Request(prompt, max_tokens=60) for prompt in PROMPTS[:2]]  # so that places stay
    for request in kept:
        scheduler.submit(request.sequence)
        scheduler.step()
    assert_refused(run(scheduler, [5, NAN, *range(20, 120)]))
    assert_refused(run(scheduler, [9, 10, 11], **FORCED))
    after = run(scheduler, PROMPTS[2], max_tokens=30)
    finish(scheduler, *kept)
    for request, prompt, num in zip([*kept, after], PROMPTS, (60, 60, 30), strict=True):
        assert request.ids == ids_alone(decoder, prompt, max_tokens=num)


def test_a_prompt_that_is_scored(scheduler: Scheduler) -> None:
    request = run(scheduler, [5, 8, NAN, 9], prompt_logprobs=True, logprobs=True, max_tokens=1)
    assert_refused(request)


def test_it_says_nothing_of_a_sound_model(decoder: Decoder) -> None:
    """Biases and masks are infinite on purpose; the model's own numbers count."""
    biased = run(scheduler_for(decoder), PROMPTS[0], min_tokens=16, stop_ids=range(0, 320, 2))
    assert len(biased.ids) == 16
    assert biased.reason == "length"


@pytest.mark.parametrize("token_ids", [None, [1, 2]])
def test_rows_of_whole_texts(decoder: Decoder, token_ids: list[int] | None) -> None:
    def rows(inputs: list[list[int]]) -> None:
        for _ in read_rows(decoder, inputs, token_ids):
            pass

    rows([[1, 2], [3]])
    with pytest.raises(CheckpointError, match="not finite"):
        rows([[1, 2], [NAN, 3]])
