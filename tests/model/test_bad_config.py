"""A broken config.json or generation_config.json causes one line that names the key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.config import GenerationConfig, LoadOptions, ModelConfig
from qwen3mlx.errors import CheckpointError
from qwen3mlx.model.rope import Rope
from tests.support.checkpoints import MOE, write_checkpoint
from tests.support.examples import examples

from .faults import (
    JSON,
    Q_PROJ,
    only_our_errors,
    refused,
)
from .support import (
    edit_json,
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"qwen3"',
        b"3",
        b"\xff\xfe{}",
        b"[" * 9999,
        b'{"vocab_size": ' + b"9" * 9999 + b"}",
        b"{}",
        b"\0",
    ],
)
def test_broken_config(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)
    refused(folder, "config.json")


def test_missing_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    refused(folder, "config.json", "missing")


COUNTS = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
)


@pytest.mark.parametrize("key", [*COUNTS, "model_type"])
def test_config_without(folder: Path, key: str) -> None:
    edit_json(folder / "config.json", {}, [key])
    refused(folder, "config.json", key)


@pytest.mark.parametrize(
    "value", [0, -1, 2.0, 1.5, True, "64", [64], {}, 2**31, 10**30, float("nan"), float("inf")]
)
@pytest.mark.parametrize(
    "key", [*COUNTS, "num_key_value_heads", "head_dim", "max_position_embeddings"]
)
def test_invalid_counts(folder: Path, key: str, value: object) -> None:
    edit_json(folder / "config.json", {key: value})
    refused(folder, "config.json", key)


@pytest.mark.parametrize("key", [*COUNTS, "num_key_value_heads", "head_dim"])
def test_counts_of_another_model(folder: Path, key: str) -> None:
    """Nothing is allocated or looped over before the shapes are compared."""
    edit_json(folder / "config.json", {key: 2**30})
    refused(folder)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model_type": "llama"}, "'llama'"),
        ({"model_type": "qwen2"}, "'qwen2'"),
        ({"model_type": ["qwen3"]}, "model_type"),
        ({"num_key_value_heads": 3}, "num_key_value_heads"),
        ({"head_dim": 31}, "head_dim"),
        ({"attention_bias": True}, "attention_bias"),
        ({"use_sliding_window": True}, "use_sliding_window"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"layer_types": ["full_attention", "sliding_attention"]}, "layer_types"),
        ({"layer_types": 3}, "layer_types"),
        ({"layer_types": [["full_attention"]]}, "layer_types"),
        ({"tie_word_embeddings": "false"}, "tie_word_embeddings"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings"),
        ({"rms_norm_eps": 0}, "rms_norm_eps"),
        ({"rms_norm_eps": "1e-6"}, "rms_norm_eps"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps"),
        ({"eos_token_id": "</s>"}, "eos_token_id"),
        ({"eos_token_id": [1, 2.5]}, "eos_token_id"),
        ({"rope_theta": 0}, "rope_theta"),
        ({"rope_theta": 1}, "rope_theta"),
        ({"rope_theta": float("inf")}, "rope_theta"),
        ({"rope_theta": "1e6"}, "rope_theta"),
        ({"rope_scaling": "yarn"}, "rope"),
        ({"rope_scaling": [1]}, "rope"),
        ({"rope_parameters": 3}, "rope"),
        ({"rope_scaling": {"rope_type": "longrope", "factor": 2.0}}, "longrope"),
        ({"rope_scaling": {"rope_type": "linear"}}, "factor"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2.0, "beta_fast": 32}}, "beta_fast"),
        ({"rope_scaling": {"rope_type": "dynamic", "factor": 0}}, "factor"),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "partial_rotary_factor"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"rope_scaling": {"factor": 4.0}}, "rope_type"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "factor"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 0}}, "factor"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": None}}, "factor"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": "4"}}, "factor"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4, "fast": 1}}, "fast"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4, "beta_fast": 1e30}}, "beta_fast"),
        (
            {
                "rope_scaling": {
                    "rope_type": "yarn",
                    "factor": 4,
                    "original_max_position_embeddings": 0.5,
                }
            },
            "original_max_position_embeddings",
        ),
    ],
    ids=str,
)
def test_values_of_config(folder: Path, changes: dict[str, Any], named: str) -> None:
    edit_json(folder / "config.json", changes)
    refused(folder, "config.json", named)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_experts": 0}, "num_experts"),
        ({"num_experts": None}, "num_experts"),
        ({"num_experts": 4}, "gate.weight"),
        ({"num_experts": 2**30}, "num_experts"),
        ({"num_experts_per_tok": 0}, "num_experts_per_tok"),
        ({"num_experts_per_tok": 9}, "num_experts_per_tok"),
        ({"moe_intermediate_size": 64}, "gate_proj"),
        ({"decoder_sparse_step": 0}, "decoder_sparse_step"),
        ({"decoder_sparse_step": 2}, "model.layers.0.mlp"),
        ({"mlp_only_layers": 1}, "mlp_only_layers"),
        ({"mlp_only_layers": ["1"]}, "mlp_only_layers"),
        ({"norm_topk_prob": "yes"}, "norm_topk_prob"),
    ],
    ids=str,
)
def test_values_of_a_moe_config(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    folder = write_checkpoint(tmp_path, MOE)
    edit_json(folder / "config.json", changes)
    refused(folder, named)


@pytest.mark.parametrize(
    ("quantization", "named"),
    [
        ({"mode": "int4", "bits": 4}, "'int4'"),
        ({"mode": ["affine"]}, "affine"),
        ({"bits": 7, "group_size": 64}, "7"),
        ({"bits": 0.5, "group_size": 64}, "0.5"),
        ({"bits": 4.0, "group_size": 64}, "4.0"),
        ({"bits": "4"}, "'4'"),
        ({"bits": 4, "group_size": 48}, "48"),
        ({"bits": 4, "group_size": 16}, "16"),
        ({"bits": 8, "mode": "mxfp4"}, "mxfp4"),
        ({"group_size": 64, "mode": "nvfp4"}, "nvfp4"),
        ({"bits": 4, Q_PROJ: {"bits": 9}}, Q_PROJ),
        ({"bits": 4, Q_PROJ: True}, Q_PROJ),
        ({"bits": 4, "sparsity": 0.5}, "sparsity"),
        ("4bit", "'4bit'"),
        (4, "4"),
        (["affine"], "affine"),
    ],
    ids=str,
)
def test_quantization_of_config(folder: Path, quantization: object, named: str) -> None:
    edit_json(folder / "config.json", {"quantization": quantization})
    refused(folder, "config.json", "quantization", named)


@pytest.mark.parametrize("method", ["bitsandbytes", "compressed-tensors", "hqq"])
def test_quantizations_of_hugging_face(folder: Path, method: str) -> None:
    changes = {"quantization_config": {"quant_method": method, "bits": 4}}
    edit_json(folder / "config.json", changes)
    refused(folder, "config.json", method, "MLX")


BASE = json.loads((Path(__file__).parents[1] / "data/goldens/moe_yarn/config.json").read_text()) | {
    "rope_parameters": None,
    "quantization": {"group_size": 64, "bits": 4, "mode": "affine", "lm_head": {"bits": 8}},
    "quantization_config": None,
    "layer_types": ["full_attention"],
    "dtype": "float32",
}
INNER = [
    ("rope_scaling", key)
    for key in (
        "rope_type",
        "type",
        "factor",
        "original_max_position_embeddings",
        "beta_fast",
        "beta_slow",
        "attention_factor",
        "attn_factor",
        "partial_rotary_factor",
        "mscale",
        "mscale_all_dim",
        "truncate",
        "rope_theta",
    )
] + [("quantization", key) for key in ("group_size", "bits", "mode", "lm_head", "new")]


@settings(max_examples=examples(300))
@given(where=st.sampled_from([*((key,) for key in BASE), *INNER]), value=JSON)
def test_no_config_escapes(where: tuple[str, ...], value: object) -> None:
    raw = json.loads(json.dumps(BASE))
    target = raw
    for key in where[:-1]:
        target = target[key]
    target[where[-1]] = value

    def use() -> None:
        config = ModelConfig.from_mapping(raw).with_options(LoadOptions(context_length=8))
        if config.head_dim < 1000:
            Rope.from_config(config.rope, config.head_dim)

    only_our_errors(use)


PUBLISHED = ("bits", "weight_block_size", "fmt", "version", "checkpoint_format", "zero_point")


@settings(max_examples=examples(100))
@given(
    method=st.sampled_from(["awq", "gptq", "fp8", None]),
    quantization=st.dictionaries(st.sampled_from(PUBLISHED), JSON),
    others=st.dictionaries(
        st.sampled_from(["id2label", "num_labels", "partial_rotary_factor"]), JSON
    ),
)
def test_no_other_form_escapes(
    method: str | None, quantization: dict[str, Any], others: dict[str, Any]
) -> None:
    form = {"architectures": ["Qwen3MoeForSequenceClassification"], "quantization": None}
    raw = BASE | others | form | {"quantization_config": {"quant_method": method, **quantization}}
    only_our_errors(lambda: ModelConfig.from_mapping(raw))


@settings(max_examples=examples(100))
@given(value=JSON | st.dictionaries(st.sampled_from([key for _, key in INNER]), JSON))
def test_no_rope_option_escapes(value: Any) -> None:
    config = ModelConfig.from_mapping(BASE)
    only_our_errors(lambda: config.with_options(LoadOptions(rope_scaling=value)))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", ""),
        ("{", ""),
        ("[]", "list"),
        ("3", "int"),
        ('{"temperature": "hot"}', "temperature"),
        ('{"temperature": -1}', "temperature"),
        ('{"temperature": NaN}', "temperature"),
        ('{"top_p": 1.5}', "top_p"),
        ('{"top_k": Infinity}', "top_k"),
        ('{"top_k": -2}', "top_k"),
        ('{"top_k": "20"}', "top_k"),
        ('{"top_k": 20.5}', "top_k"),
        ('{"top_p": NaN}', "top_p"),
        ('{"do_sample": "false"}', "do_sample"),
        ('{"eos_token_id": [[1]]}', "eos_token_id"),
        ('{"eos_token_id": 1.0}', "eos_token_id"),
        ('{"min_p": true}', "min_p"),
        ('{"repetition_penalty": 0}', "repetition_penalty"),
        ('{"eos_token_id": "x"}', "eos_token_id"),
        ('{"eos_token_id": {}}', "eos_token_id"),
        ('{"eos_token_id": [true]}', "eos_token_id"),
    ],
)
def test_broken_generation_config(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "generation_config.json"
    path.write_text(content)
    with pytest.raises(CheckpointError) as caught:
        GenerationConfig.from_folder(tmp_path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
