"""The shortcut to the last position gives the same result as the full computation."""

from __future__ import annotations

import mlx.core as mx

from qwen3mlx.model.cache import NoCache

from .conftest import Golden
from .support import relative_difference


def test_equals_the_last_of_all(golden: Golden) -> None:
    whole = golden.model.hidden(golden.ids, NoCache())[:, -1:]
    assert relative_difference(golden.model.last_hidden(golden.ids, NoCache()), whole) < 1e-5


def test_leaves_the_same_cache(golden: Golden) -> None:
    short, long = golden.model.make_cache(), golden.model.make_cache()
    for ids in (golden.ids[:, :20], golden.ids[:, 20:]):
        last = golden.model.last_hidden(ids, short)
        whole = golden.model.hidden(ids, long)
        short.advance(ids.shape[1])
        long.advance(ids.shape[1])
        assert relative_difference(last, whole[:, -1:]) < 1e-5
    for a, b in zip(short.layers, long.layers, strict=True):
        for ours, theirs in zip(a, b, strict=True):
            assert mx.allclose(ours, theirs, atol=1e-5)
