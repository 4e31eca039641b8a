"""Checkpoints in other forms than Qwen's chat models are converted like them."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import pytest
from qwen3mlx_quantize import QuantizeRequest, evaluate, run
from qwen3mlx_quantize.request import EvaluateRequest

from qwen3mlx.config import ModelConfig
from qwen3mlx.errors import CheckpointError, UsageError
from qwen3mlx.model import load_model
from tests.model.support import copy_checkpoint, read_tensors, relative_difference

from .support import quantize

FORMS = Path(__file__).parents[1] / "data" / "forms"
IDS = mx.array([[3, 1, 4, 1, 5, 9, 2, 6]])
# In the recipe's place, as the widths here are no multiples of 64.
EIGHT = """
bits = 8
group_size = 32
[[rules]]
modules = ["*.mlp.gate"]
bits = 8
group_size = 32
"""


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("recipes") / "eight.toml"
    path.write_text(EIGHT)
    return str(path)


@pytest.mark.parametrize("name", ["embedding", "classifier_1", "classifier_3", "moe_fused"])
def test_in_float_and_in_eight_bits(name: str, eight: str, tmp_path: Path) -> None:
    source = FORMS / name
    quantize(source, tmp_path / "float", "bf16")
    quantize(source, tmp_path / "eight", eight)
    before, floats, packed = (
        load_model(folder) for folder in (source, tmp_path / "float", tmp_path / "eight")
    )
    assert mx.array_equal(floats(IDS), before(IDS))
    assert 0 < relative_difference(packed(IDS), before(IDS)) < 0.1
    assert before.config.kind == floats.config.kind == packed.config.kind
    assert packed.nbytes < 0.6 * floats.nbytes


def test_experts_together_and_one_by_one_become_the_same(eight: str, tmp_path: Path) -> None:
    for name in ("moe", "moe_fused"):
        quantize(FORMS / name, tmp_path / name, eight)
    one, other = (tmp_path / name / "model.safetensors" for name in ("moe", "moe_fused"))
    assert one.read_bytes() == other.read_bytes()


def test_an_embedding_model_stays_one(tmp_path: Path) -> None:
    """Without modules.json, only the names of the source's tensors say so, which are MLX's now."""
    changes = {"architectures": ["Qwen3ForCausalLM"]}
    source = copy_checkpoint(FORMS / "embedding", tmp_path / "source", changes)
    quantize(source, tmp_path / "out", "bf16")
    assert ModelConfig.from_folder(tmp_path / "out").kind == "embedding"
    assert "model.norm.weight" in read_tensors(tmp_path / "out")
    assert "pipeline_tag: feature-extraction" in (tmp_path / "out" / "README.md").read_text()


def test_the_scores_of_a_classifier_stay_float(eight: str, tmp_path: Path) -> None:
    quantize(FORMS / "classifier_3", tmp_path / "out", eight)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["quantization"]["score"] is False
    assert read_tensors(tmp_path / "out")["score.weight"].dtype == mx.bfloat16


@pytest.mark.parametrize(
    "options", [{"measure": True}, {"recipe": "auto", "target_bpw": 5.0}, {"method": "dwq"}]
)
def test_what_needs_predicted_tokens(options: dict[str, object], tmp_path: Path) -> None:
    request = QuantizeRequest(source=FORMS / "embedding", output=tmp_path / "out", **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"embedding model.*predicts no tokens"):
        run(request)
    assert not (tmp_path / "out").exists()


def test_evaluating_a_classifier(tmp_path: Path) -> None:
    source = copy_checkpoint(FORMS / "classifier_1", tmp_path / "model")
    text = tmp_path / "text.txt"
    text.write_text("a text " * 100)
    (source / "tokenizer.json").write_text("{}")
    with pytest.raises((UsageError, CheckpointError)) as caught:
        evaluate(EvaluateRequest(candidates=(source,), reference=source, text=text))
    assert "classifier" in str(caught.value)
