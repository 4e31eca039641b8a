"""No kernel of a pass copies an input that it could have read where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx.generate import Decoder
from qwen3mlx.model import KVPool

from . import layout
from .graph import on_gpu_branch
from .models import SHAPES, checkpoint, filled_rows, load, step

LENGTHS = {
    "one row": [100],
    "one stack": [100, 90, 101, 3],
    "two stacks": [100, 500, 90, 510],
    "a row of its own": [5000, 9000, 9],
}


@pytest.fixture(scope="module", params=SHAPES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(SHAPES[request.param], 2, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("kv_bits", [None, 8])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_a_step(folder: Path, lengths: Sequence[int], kv_bits: int | None) -> None:
    with on_gpu_branch():
        model = load(folder, kv_bits)
        rows = filled_rows(KVPool(model), lengths)
        with layout.observed() as copies:
            step(Decoder(model), rows)
    assert not copies


# For up to eight queries, attention writes one head after another.
FEW = ["reshape: (1, 2, 16, 128), (1, 2, 2048)"]
# The ids of the best experts are a part of all of them.
IDS = "reshape: (1, 100, 2), (200,)"


@pytest.mark.parametrize(("num_tokens", "copied"), [(1, []), (2, FEW), (9, []), (100, [])])
def test_a_prompts_chunk(folder: Path, num_tokens: int, copied: list[str]) -> None:
    with on_gpu_branch():
        model = load(folder)
        pool = KVPool(model)
        _, row = filled_rows(pool, [30, 70])
        with layout.observed() as copies:
            mx.eval(model.hidden(mx.ones((1, num_tokens), mx.int32), row))
    assert sorted(set(copies) - {IDS}) == copied


HEADS = (2, 8, 1, 128)


def plain(*shape: int) -> mx.array:
    return mx.random.normal(shape)


def attention(
    q: mx.array | None = None, k: mx.array | None = None, mask: mx.array | None = None
) -> list[str]:
    q, values = plain(*HEADS) if q is None else q, plain(2, 2, 300, 128)
    return layout.copies_of_attention(q, values if k is None else k, values, mask)


@pytest.mark.parametrize(
    ("copies", "named"),
    [
        (lambda: layout.copies_of_norm(plain(2, 1, 12, 128)[:, :, :10]), ["rms_norm: x"]),
        (lambda: layout.copies_of_norm(plain(1, 1, 12, 128)[:, :, :10]), []),
        (
            lambda: layout.copies_of_rope(plain(2, 3, 12, 128)[:, :, :10].swapaxes(1, 2)),
            ["rope: x"],
        ),
        (lambda: layout.copies_of_rope(plain(2, 3, 12, 128).swapaxes(1, 2)), []),
        (lambda: attention(q=plain(2, 12, 1, 128)[:, :8]), ["attention: q"]),
        (lambda: attention(k=plain(2, 300, 2, 128).swapaxes(1, 2)), ["attention: k"]),
        (lambda: attention(k=plain(4, 2, 400, 128)[1:3, :, :300]), []),
        (lambda: attention(mask=mx.zeros((2, 1, 1, 300)) > 0), ["attention: mask"]),
        (lambda: attention(mask=mx.zeros((2, 8, 1, 300)) > 0), []),
        (attention, []),
        (lambda: layout.copies_of_quantize(plain(2, 12, 1, 128)[:, :2]), ["quantize: x"]),
    ],
)
def test_the_conditions_tell_what_is_copied(
    copies: Callable[[], list[str]], named: list[str]
) -> None:
    assert copies() == named


def test_a_reshape_that_copies_is_seen() -> None:
    with layout.observed() as copies:
        plain(2, 3, 4).reshape(6, 4)
        plain(2, 3, 4).swapaxes(0, 1).reshape(6, 4)
    assert copies == ["reshape: (3, 2, 4), (6, 4)"]
