from __future__ import annotations

import mlx.core as mx

from benchmarks.side import count_primitives, counted_evaluations


def test_shared_nodes_count_once() -> None:
    shared = mx.exp(mx.zeros(4))
    mx.eval(shared)
    square = shared * shared
    assert count_primitives([square + square, square]) == {"Multiply": 1, "Add": 1}


def test_what_is_computed_already_does_not_count() -> None:
    x = mx.exp(mx.ones(4))
    mx.eval(x)
    assert count_primitives([x]) == {}


def test_each_evaluation_is_counted_and_still_happens() -> None:
    original = mx.eval
    with counted_evaluations() as counts:
        x = mx.exp(mx.array([0.0]))
        mx.async_eval({"x": [x]})
        mx.eval(mx.sin(x), mx.cos(x))
    assert [sum(count.values()) for count in counts] == [1, 2]
    assert mx.eval is original
    assert x.item() == 1.0
