"""AWQ, GPTQ and FP8 checkpoints are sources like the floats that they mean."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest
from qwen3mlx_quantize import Event, JobWarning, QuantizeRequest, run

from qwen3mlx.errors import UsageError
from qwen3mlx.model import load_model
from tests.model.support import copy_checkpoint, read_tensors, replace_tensors
from tests.support.checkpoints import Shape
from tests.support.foreign import ForeignPair, awq, gptq, write_fp8, write_pair

from .support import quantize

SHAPE = Shape(num_hidden_layers=1, num_experts=2, mlp_only_layers=())


@pytest.fixture(scope="module", params=["awq", "gptq", "desc_act", "fp8"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ForeignPair:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "fp8":
        return write_fp8(folder, SHAPE)
    if request.param == "awq":
        return write_pair(folder, SHAPE, {"quant_method": "awq"}, awq())
    desc_act = "own" if request.param == "desc_act" else "no"
    return write_pair(folder, SHAPE, {"quant_method": "gptq"}, gptq(4, 32, desc_act=desc_act))


def test_a_conversion_is_that_of_the_floats(pair: ForeignPair, tmp_path: Path) -> None:
    floats = copy_checkpoint(pair.floats, tmp_path / "floats")
    tensors = {name: array.astype(mx.float16) for name, array in read_tensors(floats).items()}
    replace_tensors(floats, tensors)
    told: list[Event] = []
    quantize(pair.published, tmp_path / "one", "8bit", on_event=told.append)
    quantize(floats, tmp_path / "other", "8bit")
    one, other = (read_tensors(tmp_path / name) for name in ("one", "other"))
    assert one.keys() == other.keys()
    assert all(mx.array_equal(one[name], other[name]) for name in one)
    warnings = [event for event in told if isinstance(event, JobWarning)]
    assert len(warnings) == 1
    assert "already quantized" in str(warnings[0])
    assert load_model(tmp_path / "one").config.published is None


def test_mlx_lms_methods_need_floats(pair: ForeignPair, tmp_path: Path) -> None:
    request = QuantizeRequest(source=pair.published, output=tmp_path / "out", method="dwq")
    with pytest.raises(UsageError, match="needs a float checkpoint"):
        run(request)
