"""Checkpoints as transformers writes them; tests/data/forms/make.py has computed what they give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import ModelConfig
from qwen3mlx.model import load_model

from .faults import change_tensors, refused
from .support import (
    copy_checkpoint,
    in_float32,
    read_tensors,
    relative_difference,
    replace_tensors,
)

FORMS = Path(__file__).parents[1] / "data" / "forms"
TOLERANCE = 1e-5
POOLED = [{"type": "sentence_transformers.models.Pooling"}]


def expected(name: str, output: str = "output") -> tuple[mx.array, np.ndarray]:
    arrays = np.load(FORMS / name / "expected.npz")
    return mx.array(arrays["ids"]), arrays[output]


@pytest.mark.parametrize("name", ["embedding", "moe", "moe_fused"])
def test_what_transformers_computes(name: str) -> None:
    ids, output = expected(name)
    model = load_model(FORMS / name)
    assert model.config.kind == ("embedding" if name == "embedding" else "causal")
    assert relative_difference(model(ids), output) <= TOLERANCE


@pytest.mark.parametrize("num_labels", [1, 3])
def test_the_scores_of_a_classifier(num_labels: int) -> None:
    ids, scores = expected(f"classifier_{num_labels}")
    model = load_model(FORMS / f"classifier_{num_labels}")
    assert model.config.kind == "classifier"
    assert model.config.labels == tuple(f"LABEL_{i}" for i in range(num_labels))
    assert relative_difference(model(ids)[:, -1], scores) <= TOLERANCE
    assert model.config.num_parameters == sum(
        array.size for array in read_tensors(FORMS / f"classifier_{num_labels}").values()
    )


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("modules", [False, True])
def test_an_embedding_model_as_qwen_stores_it(tied: bool, modules: bool, tmp_path: Path) -> None:
    """Its config.json has a language model's architecture; the 8B's is untied, without a head."""
    changes = {"architectures": ["Qwen3ForCausalLM"], "tie_word_embeddings": tied}
    folder = copy_checkpoint(FORMS / "embedding", tmp_path / "model", changes)
    if modules:
        (folder / "modules.json").write_text(json.dumps(POOLED))
        assert ModelConfig.from_folder(folder).kind == "embedding"
    ids, hidden = expected("embedding")
    model = load_model(folder)
    assert model.config.kind == "embedding"
    assert relative_difference(model(ids), hidden) <= TOLERANCE


def test_modules_of_a_reranker_are_no_pooling(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path / "model")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.LogitScore"}, 3]')
    assert load_model(folder).config.kind == "causal"


def test_a_head_beside_an_embedding_model_is_not_used(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path / "model")
    (folder / "modules.json").write_text(json.dumps(POOLED))
    assert load_model(folder)(mx.array([[1]])).shape == (1, 1, 32)


@pytest.mark.parametrize("name", ["causal", "moe"])
def test_names_without_their_prefix_and_with_a_head(name: str, tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / name, tmp_path / "model")
    tensors = read_tensors(folder)
    replace_tensors(folder, {n.removeprefix("model."): array for n, array in tensors.items()})
    model = load_model(folder)
    assert model.config.kind == "causal"
    ids, logits = expected(name, "default" if name == "causal" else "output")
    assert relative_difference(model(ids), logits) <= TOLERANCE


@pytest.mark.parametrize(
    "architecture", ["Qwen3ForTokenClassification", "Qwen3ForEmbedding", 3, {"a": 1}]
)
def test_another_architecture(architecture: Any, tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path, {"architectures": [architecture]})
    refused(folder, "architecture", "Qwen3ForCausalLM")


MANY_LABELS = dict.fromkeys(map(str, range(5000)), "")


@pytest.mark.parametrize(
    "labels", [{}, {"1": "yes"}, {"0": "no", "yes": "1"}, ["no", "yes"], MANY_LABELS]
)
def test_labels_that_are_none(labels: Any, tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "classifier_1", tmp_path, {"id2label": labels})
    refused(folder, "id2label")


def test_labels_that_do_not_fit_the_scores(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "classifier_3", tmp_path, {"id2label": {"0": "a", "1": "b"}})
    refused(folder, "score.weight", "[3, 32]", "[2, 32]")


def test_the_usual_number_of_labels_is_not_written() -> None:
    raw = json.loads((FORMS / "classifier_3" / "config.json").read_text())
    del raw["id2label"]
    assert ModelConfig.from_mapping(raw).labels == ("LABEL_0", "LABEL_1")
    assert len(ModelConfig.from_mapping(raw | {"num_labels": 5}).labels) == 5


def test_a_model_that_looks_ahead(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "embedding", tmp_path, {"is_causal": False})
    refused(folder, "is_causal")


def test_a_model_without_its_head_is_an_embedding_model(tmp_path: Path) -> None:
    """mlx-community/Qwen3-Embedding-8B-4bit-DWQ has names with a prefix, and is untied."""
    folder = copy_checkpoint(FORMS / "causal", tmp_path)
    change_tensors(folder, {"lm_head.weight": None})
    model = load_model(folder)
    assert model.config.kind == "embedding"
    assert model(mx.array([[1]])).shape == (1, 1, 32)


def test_one_tensor_under_two_names(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "moe_fused", tmp_path)
    path = "model.layers.0.mlp"
    stack = read_tensors(folder)[f"{path}.experts.down_proj"]
    change_tensors(folder, {f"{path}.switch_mlp.down_proj.weight": stack})
    refused(folder, "down_proj", "two names")


def test_fused_experts_of_another_shape(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "moe_fused", tmp_path)
    fused = "model.layers.0.mlp.experts.gate_up_proj"
    change_tensors(folder, {fused: mx.zeros((4, 63, 32))})
    refused(folder, fused, "[4, 63, 32]", "[4, 64, 32]")


DEEPSEEK = {
    "rope_type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": 16,
    "attn_factor": 0.8782488562869419,
}


@pytest.mark.parametrize(
    ("output", "scaling"),
    [
        ("default", None),
        ("linear", {"rope_type": "linear", "factor": 2.0}),
        ("linear", {"type": "linear", "factor": 2, "original_max_position_embeddings": 32}),
        ("dynamic", {"rope_type": "dynamic", "factor": 2.0}),
        ("attn_factor", DEEPSEEK),
    ],
)
def test_scaled_rotation(output: str, scaling: dict[str, Any] | None, tmp_path: Path) -> None:
    """Each of them gives other logits than the others, except `dynamic` within the context."""
    changes = {"rope_scaling": scaling, "rope_theta": 1e4}
    folder = copy_checkpoint(FORMS / "causal", tmp_path, changes, ["rope_parameters"])
    ids, logits = expected("causal", output)
    assert relative_difference(load_model(folder)(ids), logits) <= TOLERANCE
    _, plain = expected("causal", "default")
    assert (relative_difference(logits, plain) > 0.01) == (output in ("linear", "attn_factor"))


def test_rope_theta_is_ten_thousand_where_nothing_is_said(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path, remove=["rope_parameters"])
    ids, logits = expected("causal", "default")
    assert relative_difference(load_model(folder)(ids), logits) <= TOLERANCE


FOUR = {"group_size": 32, "bits": 4}
SPARE = ["layers.0.self_attn.k_scale", "layers.1.self_attn.v_proj.v_scale", "rotary_emb.inv_freq"]


def test_leftovers_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path)
    change_tensors(folder, {f"model.{name}": mx.ones(1) for name in SPARE})
    ids, logits = expected("causal", "default")
    with caplog.at_level("INFO"):
        assert relative_difference(load_model(folder)(ids), logits) <= TOLERANCE
    assert all(f"model.{name} is not used" in caplog.text for name in SPARE)


@pytest.mark.parametrize("name", ["model.layers.0.mlp.up_proj.bias", "score.weight", "visual.x"])
def test_any_other_tensor_is_an_error(name: str, tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path)
    change_tensors(folder, {name: mx.ones(1)})
    refused(folder, name)


def test_any_file_names_that_the_index_lists(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path)
    tensors = read_tensors(folder)
    (folder / "model.safetensors").unlink()
    weight_map = {}
    for i, name in enumerate(tensors):
        weight_map[name] = ("consolidated.00.safetensors", "Qwen3 part.safetensors")[i % 2]
    for file in set(weight_map.values()):
        mine = {name: tensors[name] for name in tensors if weight_map[name] == file}
        mx.save_safetensors(str(folder / file), mine)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    ids, logits = expected("causal", "default")
    assert relative_difference(load_model(folder)(ids), logits) <= TOLERANCE


@pytest.mark.parametrize(
    "scales", [{"group_size": 32, "bits": 4}, {"group_size": 32, "bits": 8, "mode": "mxfp8"}]
)
def test_experts_quantized_one_by_one(scales: dict[str, Any], tmp_path: Path) -> None:
    tensors = read_tensors(FORMS / "moe")
    packed, floats = dict(tensors), dict(tensors)
    for name in tensors:
        if ".experts." in name:
            parts = mx.quantize(tensors[name], **scales)
            for part, array in zip(("weight", "scales", "biases"), parts, strict=False):
                packed[f"{name.removesuffix('weight')}{part}"] = array
            inputs: list[Any] = [in_float32(array) for array in parts]
            floats[name] = mx.dequantize(*inputs, **{**scales, "dtype": mx.float32})
    changes = {"quantization": {"group_size": 64, "bits": 4}}
    one = copy_checkpoint(FORMS / "moe", tmp_path / "one", changes)
    other = copy_checkpoint(FORMS / "moe", tmp_path / "other")
    replace_tensors(one, packed)
    replace_tensors(other, floats)
    ids, _ = expected("moe")
    assert relative_difference(load_model(one)(ids), load_model(other)(ids)) <= TOLERANCE


def test_experts_of_one_layer_share_their_quantization(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "moe", tmp_path, {"quantization": FOUR})
    path = "model.layers.1.mlp.experts.2.up_proj"
    parts = mx.quantize(read_tensors(folder)[f"{path}.weight"], group_size=32, bits=4)
    names = (f"{path}.{part}" for part in ("weight", "scales", "biases"))
    change_tensors(folder, dict(zip(names, parts, strict=True)))
    refused(folder, path, "experts.0.up_proj")


@pytest.mark.parametrize(
    "prefix", ["_orig_mod.", "module.", "base_model.model.", "language_model."]
)
@pytest.mark.parametrize("name", ["causal", "moe_fused"])
def test_names_with_what_a_trainer_put_before_them(prefix: str, name: str, tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / name, tmp_path)
    tensors = read_tensors(folder)
    replace_tensors(folder, {f"{prefix}{n}": array for n, array in tensors.items()})
    model = load_model(folder)
    assert model.config.kind == "causal"
    ids, logits = expected(name, "default" if name == "causal" else "output")
    assert relative_difference(model(ids), logits) <= TOLERANCE


def test_an_adapter_that_was_not_merged(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path)
    path = "model.layers.0.self_attn.q_proj"
    matrix = read_tensors(folder)[f"{path}.weight"]
    changes = {f"{path}.weight": None, f"{path}.base_layer.weight": matrix}
    change_tensors(folder, {**changes, f"{path}.lora_A.default.weight": mx.zeros((4, 32))})
    refused(folder, path, "not merged", "merge_and_unload()")


def test_a_head_that_is_the_embedding_is_not_read_twice(tmp_path: Path) -> None:
    folder = copy_checkpoint(FORMS / "causal", tmp_path, {"tie_word_embeddings": True})
    embedding = read_tensors(folder)["model.embed_tokens.weight"]
    change_tensors(folder, {"lm_head.weight": embedding})
    model = load_model(folder)
    assert model.config.tie_word_embeddings
    change_tensors(folder, {"lm_head.weight": None})
    ids = mx.array([[1, 2, 3]])
    assert mx.array_equal(model(ids), load_model(folder)(ids))


def test_a_head_that_is_not_the_embedding_is_used(tmp_path: Path) -> None:
    """transformers 5 does so, too, where config.json says that they are one."""
    folder = copy_checkpoint(FORMS / "causal", tmp_path, {"tie_word_embeddings": True})
    ids, logits = expected("causal", "default")
    model = load_model(folder)
    assert not model.config.tie_word_embeddings
    assert relative_difference(model(ids), logits) <= TOLERANCE
