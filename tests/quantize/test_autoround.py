"""AutoRound: what is trained is what MLX reads, and no block is worse than at first."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from qwen3mlx_quantize import (
    Event,
    JobWarning,
    Progress,
    QuantizeRequest,
    TextError,
    blockwise,
    recipe,
    tuning,
)
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.events import ignore
from qwen3mlx_quantize.methods import autoround, mse
from qwen3mlx_quantize.methods.autoround import Result, Rounding, Trained
from qwen3mlx_quantize.tuning import Tuned, rows_of

import qwen3mlx
from qwen3mlx.config import QuantizationSpec
from tests.model.support import read_tensors
from tests.support.checkpoints import Shape, write_checkpoint

from .support import Stopped, conversion, quantize

TIED = Shape(
    hidden_size=64,
    intermediate_size=64,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=1,
    vocab_size=64,
    tie_word_embeddings=True,
)
SMALL = replace(TIED, num_hidden_layers=2, tie_word_embeddings=False)
SPARSE = replace(TIED, num_experts=8, moe_intermediate_size=64)
FEW = 12
ALL = mx.array(1.0)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mse, "SPANS", (1.0, 0.8))
    monkeypatch.setattr(autoround, "ITERATIONS", 12)
    monkeypatch.setattr(autoround, "COMPARED", 4)
    monkeypatch.setattr(tuning, "LONGEST", 16)
    monkeypatch.setattr(tuning, "LEAST_ROWS", FEW)
    monkeypatch.setattr(blockwise, "LEAST_ROWS", FEW)


def weights(*shape: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    values = np.random.default_rng(0).standard_t(4, shape) * 0.02
    return mx.array(values.astype(np.float32)).astype(dtype)


def trained_at_random(rounding: Rounding) -> Trained:
    """Anything that training could arrive at."""
    random = np.random.default_rng(1)

    def drawn(array: mx.array, most: float) -> mx.array:
        return mx.array(random.uniform(-most, most, array.shape).astype(np.float32))

    return {name: drawn(a, autoround.FARTHEST[name]) for name, a in rounding.start().items()}


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("group_size", [32, 64, 128])
@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16, mx.float32], ids=str)
def test_mlx_reads_the_values_that_were_trained(
    bits: int, group_size: int, dtype: mx.Dtype
) -> None:
    spec, weight = QuantizationSpec(group_size, bits), weights(6, 256, dtype=dtype)
    rounding = Rounding(weight, mse.quantized(weight, spec), spec, ALL)
    trained = trained_at_random(rounding)
    made = rounding.packed(trained)
    assert (made.scales.dtype, made.weight.dtype) == (dtype, mx.uint32)
    assert mx.allclose(made.unpacked(spec, mx.float32), rounding.values(trained), atol=1e-7).item()


@pytest.mark.parametrize("bits", [2, 3, 8])
def test_what_is_not_trained_yet_is_the_start(bits: int) -> None:
    spec, weight = QuantizationSpec(64, bits), weights(16, 128, dtype=mx.bfloat16)
    start = mse.quantized(weight, spec)
    rounding = Rounding(weight, start, spec, ALL)
    made = rounding.packed(rounding.start())
    for name, array in start.arrays().items():
        assert mx.array_equal(made.arrays()[name], array).item(), name


class Product:
    """A block of one matrix, and rows of inputs that vary together with what it should return."""

    spec = QuantizationSpec(64, 2)

    def __init__(self, weight: mx.array, start: mx.array | None = None) -> None:
        random = np.random.default_rng(0)
        mixing = random.normal(size=(16, weight.shape[1])).astype(np.float32)
        inputs = mx.array(random.normal(size=(12, 1, 24, 16)).astype(np.float32)) @ mx.array(mixing)
        expected = inputs @ (weight if start is None else start).T
        self.weight = weight
        self.rows = [(inputs[i], expected[i]) for i in range(12)]

    def loss(self, made: Any, inputs: mx.array, expected: mx.array) -> mx.array:
        return mx.square(inputs @ made["w"].T - expected).mean()

    def tuned(self, seed: int = 0) -> Result:
        start = mse.quantized(self.weight, self.spec)
        rounding = Rounding(self.weight, start, self.spec, ALL)
        return autoround.tuned({"w": rounding}, self.loss, self.rows, seed, lambda done: None)


def test_the_loss_falls_and_is_that_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoround, "ITERATIONS", 60)
    monkeypatch.setattr(autoround, "COMPARED", 20)
    block = Product(weights(32, 128))
    found = block.tuned()
    assert found.after < 0.4 * found.before
    made = {"w": found.packed["w"].unpacked(block.spec, mx.float32)}
    losses = [block.loss(made, *row).item() for row in block.rows]
    assert np.mean(losses) == pytest.approx(found.after, rel=1e-3)


def test_a_start_that_cannot_be_improved_is_kept() -> None:
    weight = weights(32, 128)
    start = mse.quantized(weight, Product.spec)
    found = Product(weight, start.unpacked(Product.spec, mx.float32)).tuned()
    assert found.after == found.before
    assert mx.array_equal(found.packed["w"].weight, start.weight).item()


def test_later_states_that_are_worse_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([2.0, 1.0, *[3.0] * autoround.ITERATIONS])
    block = Product(weights(16, 128))
    start = mse.quantized(block.weight, block.spec)
    states: list[Trained] = []

    def whole(lost: object, trained: dict[str, Trained], rows: object) -> float:
        states.append(trained["w"])
        return next(losses)

    monkeypatch.setattr(autoround, "_whole", whole)
    monkeypatch.setattr(autoround, "COMPARED", 1)
    found = block.tuned()
    assert (found.before, found.after) == (2.0, 1.0)
    kept, *later = (
        Rounding(block.weight, start, block.spec, ALL).packed(states[i]) for i in (1, 2, -1)
    )
    assert mx.array_equal(found.packed["w"].scales, kept.scales).item()
    assert mx.array_equal(found.packed["w"].weight, kept.weight).item()
    assert not any(mx.array_equal(found.packed["w"].scales, one.scales).item() for one in later)


def test_the_seed_decides_the_result() -> None:
    block = Product(weights(32, 128))
    one, same, other = (block.tuned(seed).packed["w"].weight for seed in (1, 1, 2))
    assert mx.array_equal(one, same).item()
    assert not mx.array_equal(one, other).item()


def test_a_compiled_step_is_the_same_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU; here without the compiler's work, but through its tracing."""
    block = Product(weights(32, 128))
    expected = block.tuned()
    traced: list[object] = []

    def compiled(function: Any) -> Any:
        traced.append(function)
        return function

    monkeypatch.setattr(autoround, "on_cpu", lambda: False)
    monkeypatch.setattr(mx, "compile", compiled)
    found = block.tuned()
    assert len(traced) == 2
    assert mx.array_equal(found.packed["w"].weight, expected.packed["w"].weight).item()


@pytest.mark.parametrize("value", [0.0, 0.25, 1e-30])
def test_groups_without_a_span_stay_exact(value: float) -> None:
    weight = mx.concatenate([weights(4, 64), mx.full((4, 64), value)], axis=1)
    spec = QuantizationSpec(64, 2)
    rounding = Rounding(weight, mse.quantized(weight, spec), spec, ALL)
    trained = trained_at_random(rounding)
    gradient = mx.grad(lambda t: mx.square(rounding.values(t)).sum())(trained)
    assert all(mx.isfinite(array).all().item() for array in gradient.values())
    assert mx.array_equal(rounding.values(trained)[:, 64:], weight[:, 64:]).item()


def test_an_overflow_is_an_error() -> None:
    block = Product(weights(32, 128))
    block.rows[3] = (block.rows[3][0] * float("inf"), block.rows[3][1])
    with pytest.raises(TextError, match="overflow on the calibration text"):
        block.tuned()


def test_rows_have_one_length_and_a_text_of_one_token_is_refused() -> None:
    assert [ids.shape for ids in rows_of([range(9), range(20), range(10)])] == [(1, 16)] * 2
    assert [ids.tolist() for ids in rows_of([[1, 2], [3]])] == [[[1, 2, 3]]]
    with pytest.raises(TextError, match="too short"):
        rows_of([[1]])


def tune(
    source: Path, out: Path, name: Any = "3bit", *, resume: bool = False, on_event: Any = ignore
) -> dict[str, mx.array]:
    made = conversion(source, out, name, "autoround", resume=resume)
    documents = [[(7 * i + j * j) % 64 for j in range(24)] for i in range(4)]
    convert(made, Tuned(made.source, made.plan, documents, on_event), on_event)
    return read_tensors(out)


def same(one: dict[str, mx.array], other: dict[str, mx.array]) -> set[str]:
    assert set(one) == set(other)
    return {name for name in one if mx.array_equal(one[name], other[name]).item()}


def test_a_run_that_was_stopped_within_a_block_resumes_to_the_same(tmp_path: Path) -> None:
    source, events = write_checkpoint(tmp_path / "source", SMALL), list[Event]()

    def run(out: str, phase: str = "", item: str = "", *, resume: bool = False) -> list[str]:
        """Stop where a phase comes to an item; return the blocks whose training was completed."""
        events.clear()

        def on_event(event: Event) -> None:
            events.append(event)
            if isinstance(event, Progress) and (event.phase, event.item) == (phase, item):
                raise Stopped

        with pytest.raises(Stopped) if phase else nullcontext():
            tune(source, tmp_path / out, resume=resume, on_event=on_event)
        told = [event.message for event in events if isinstance(event, JobWarning)]
        return [words.split(":")[0] for words in told]

    assert run("whole") == ["Layer 0", "Layer 1"]
    steps = [e.done for e in events if isinstance(e, Progress) and e.phase == "tuning"]
    assert steps == [*range(13), *range(12, 25)]
    assert run("out", "tuning", "layer 1") == ["Layer 0"]
    assert not (tmp_path / "out").exists()
    stop = "model.layers.1.self_attn.v_proj"
    # The last matrix of a block is written while the next block is trained.
    assert run("out", "converting", stop, resume=True) == ["Layer 0", "Layer 1"]
    assert run("out", resume=True) == ["Layer 1"]
    whole, resumed = read_tensors(tmp_path / "whole"), read_tensors(tmp_path / "out")
    assert same(whole, resumed) == set(whole)


def test_a_tied_embedding_is_that_of_mse(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "source", TIED)
    quantize(source, tmp_path / "mse", "3bit", "mse")
    tuned, plain = tune(source, tmp_path / "out"), read_tensors(tmp_path / "mse")
    equal = same(tuned, plain)
    assert {n for n in tuned if "embed" in n or "norm" in n} <= equal
    assert not [name for name in equal if name.endswith("proj.weight")]
    qwen3mlx.load_model(tmp_path / "out")


def test_experts_with_few_tokens_are_those_of_mse_and_named(tmp_path: Path) -> None:
    source, events = write_checkpoint(tmp_path / "source", SPARSE), list[Event]()
    quantize(source, tmp_path / "mse", "3bit", "mse")
    tuned = tune(source, tmp_path / "out", on_event=events.append)
    plain = read_tensors(tmp_path / "mse")
    (told, _) = [event.message for event in events if isinstance(event, JobWarning)]
    few = {int(part.split(" ")[-1]) for part in told.split(" (")[:-1]}
    assert 0 < len(few) < SPARSE.num_experts
    assert f"with fewer than {FEW}, mse quantizes" in told
    for kind in ("gate", "up", "down"):
        name = f"model.layers.0.mlp.switch_mlp.{kind}_proj.weight"
        equal = {e for e in range(8) if mx.array_equal(tuned[name][e], plain[name][e]).item()}
        assert equal == few
    assert mx.array_equal(
        tuned["model.layers.0.mlp.gate.weight"], plain["model.layers.0.mlp.gate.weight"]
    )


def test_a_recipe_of_many_formats(tmp_path: Path) -> None:
    """In float, in a format without biases, and in integers of two widths and group sizes."""
    text = """
    bits = 3
    group_size = 32
    [[rules]]
    modules = ["*.q_proj"]
    bits = 16
    [[rules]]
    modules = ["*.o_proj"]
    mode = "mxfp4"
    [[rules]]
    modules = ["*.down_proj"]
    bits = 6
    group_size = 64
    """
    source = write_checkpoint(tmp_path / "source", TIED)
    mixed = recipe.parse(text, "mixed")
    quantize(source, tmp_path / "mse", mixed, "mse")
    tuned, plain = tune(source, tmp_path / "out", mixed), read_tensors(tmp_path / "mse")
    equal = same(tuned, plain)
    changed = {"k_proj", "v_proj", "gate_proj", "up_proj", "down_proj"}
    words = {name for name in tuned if name.endswith("proj.weight")}
    assert {name.split(".")[-2] for name in words - equal} == changed
    qwen3mlx.load_model(tmp_path / "out")


def test_formats_without_integers_are_refused() -> None:
    options: dict[str, Any] = {"source": Path("none"), "output": Path("out")}
    request = QuantizeRequest(**options, method="autoround")
    assert request.recipe_and_method()[1] == "autoround"
    with pytest.raises(qwen3mlx.errors.UsageError, match="use --method rtn"):
        QuantizeRequest(**options, recipe="mxfp4", method="autoround")
