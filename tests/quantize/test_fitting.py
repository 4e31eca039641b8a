"""`--fit`: bits for a memory, by the arithmetic of `qwen3mlx fit`."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_quantize import Event, JobWarning, Progress, QuantizeRequest, fitting, run
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.sensitivity import recipe, widest
from qwen3mlx_quantize.source import Source

from qwen3mlx.errors import InvalidRequestError, UsageError
from qwen3mlx.library.fit import Asked, fit
from qwen3mlx.library.machine import machine
from qwen3mlx.model.footprint import Footprint
from tests.support.places import ROOT

DEMO = ROOT / "qwen3mlx" / "demo" / "dense"


def told(source: Source, memory: str, context: int | None) -> tuple[float, list[Event]]:
    events: list[Event] = []
    return fitting.target_bpw(source, memory, context, events.append), events


@pytest.mark.parametrize("context", [64, 256])
def test_the_result_fits_and_one_bit_more_would_not(context: int) -> None:
    source = Source(DEMO)
    needs = Footprint(source.config._replace(quantization=None), 0, 2)
    bare = fit(needs, 0, Asked(context))
    # A memory that leaves these weights 4.5 to 5.5 bits.
    limit = bare.kv_bytes + bare.activation_bytes + 5 * source.num_weights // 8
    gigabytes = next(
        g / 1000 for g in range(1, 4000) if machine(f"{g / 1000}GB").limit_bytes > limit
    )
    bits, _ = told(source, f"{gigabytes}GB", context)
    costs = {module.path: module.num_weights / 1e6 for module in source.modules}
    plan = build_plan(source, recipe(source, costs, bits))
    stored = sum(step.nbytes for step in plan.steps)
    there = machine(f"{gigabytes}GB").limit_bytes
    assert (
        fit(needs._replace(weight_bytes=stored), there, Asked(context)).largest_context >= context
    )
    more = stored + source.num_weights // 8
    assert fit(needs._replace(weight_bytes=more), there, Asked(context)).largest_context < context


def test_a_longer_context_leaves_fewer_bits_and_is_said() -> None:
    source = Source(DEMO)
    short, events = told(source, "1GB", 1024)
    long, _ = told(source, "1GB", 4096)
    assert short > long > 0
    (event,) = events
    assert isinstance(event, JobWarning)
    assert "a context of 1,024 tokens takes" in event.message


def test_where_the_most_bits_fit_nothing_is_measured(tmp_path: Path) -> None:
    events: list[Event] = []
    request = QuantizeRequest(source=DEMO, output=tmp_path / "out", fit="16GB", dry_run=True)
    chosen = run(request, events.append).plan.recipe
    assert {rule.spec and rule.spec.bits for rule in chosen.rules} == {8}
    assert not any(isinstance(event, Progress) for event in events)
    assert widest(Source(DEMO), 8.0) is None


def test_what_cannot_fit_is_said_in_one_sentence(tmp_path: Path) -> None:
    source = Source(DEMO)
    with pytest.raises(UsageError, match="nothing is left for the weights"):
        told(source, "0.001GB", 4096)
    with pytest.raises(InvalidRequestError, match="memory is 'much'"):
        told(source, "much", None)
    with pytest.raises(InvalidRequestError, match="exceeds the 4,096"):
        told(source, "16GB", 100_000)
    request = QuantizeRequest(source=DEMO, output=tmp_path / "out", fit="0.002GB", context=64)
    with pytest.raises(UsageError, match=r"smaller --context"):
        run(request)
