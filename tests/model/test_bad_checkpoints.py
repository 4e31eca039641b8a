"""Whatever is wrong with a checkpoint: one line that names the file and the thing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.config import GenerationConfig, LoadOptions, ModelConfig
from qwen3mlx.errors import CheckpointError, InvalidRequestError, MemoryBudgetError, Qwen3MLXError
from qwen3mlx.model import load_model, loading
from qwen3mlx.model.checkpoint import INDEX_NAME, Checkpoint
from qwen3mlx.model.rope import Rope
from tests.support.checkpoints import MOE, Shape, write_checkpoint

from .support import (
    copy_checkpoint,
    edit_json,
    quantize_checkpoint,
    read_tensors,
    replace_tensors,
)

SMALL = Shape(hidden_size=64, intermediate_size=64, num_hidden_layers=2, vocab_size=32)
FILE = "model.safetensors"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
Q_PROJ = "model.layers.0.self_attn.q_proj"
NORM = "model.norm.weight"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("good"), SMALL)


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return copy_checkpoint(good, tmp_path / "model")


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "sharded", SMALL, num_shards=2)


@pytest.fixture
def packed(good: Path, tmp_path: Path) -> Path:
    return quantize_checkpoint(good, tmp_path, {"group_size": 32, "bits": 4}).quantized


@pytest.fixture
def experts(tmp_path: Path) -> Path:
    source = write_checkpoint(tmp_path / "source", MOE)
    spec = {"group_size": 16, "bits": 4, "mode": "nvfp4"}
    return quantize_checkpoint(source, tmp_path, spec).quantized


def refused(folder: Path, *named: str) -> str:
    """Loading fails with one line in which all of `named` appear."""
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    for name in (str(folder), *named):
        assert name in message
    return message


def change_tensors(folder: Path, changes: dict[str, mx.array | None]) -> None:
    """Adds and replaces tensors; None removes one."""
    tensors = {**read_tensors(folder), **changes}
    replace_tensors(folder, {name: array for name, array in tensors.items() if array is not None})


def change_header(file: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """`change` edits the header in place, or returns what stands there instead."""
    content = file.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    result = change(header)
    new = json.dumps(header if result is None else result).encode()
    file.write_bytes(len(new).to_bytes(8, "little") + new + content[end:])


# --- files -----------------------------------------------------------------------------------


def test_the_good_one_loads(folder: Path, sharded: Path, packed: Path, experts: Path) -> None:
    for checkpoint in (folder, sharded, packed, experts):
        load_model(checkpoint)


def test_no_folder(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "config.json")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    refused(tmp_path / "model.gguf")


def test_no_weights(folder: Path) -> None:
    (folder / FILE).unlink()
    refused(folder, FILE)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
def test_only_a_pickle(folder: Path, name: str) -> None:
    (folder / FILE).rename(folder / name)
    refused(folder, name, "pickle", "safetensors")


def test_missing_shard(sharded: Path) -> None:
    (sharded / SHARDS[1]).unlink()
    refused(sharded, SHARDS[1], "missing")


def test_missing_shard_without_index(sharded: Path) -> None:
    (sharded / SHARDS[1]).unlink()
    (sharded / INDEX_NAME).unlink()
    refused(sharded, "has no tensor", "lm_head.weight")


def test_a_directory_for_a_shard(folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    refused(folder, FILE)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"weight_map": {}}',
        '{"weight_map": ["a"]}',
        "\0\0",
        "[" * 9999,
    ],
)
def test_broken_index(sharded: Path, content: str) -> None:
    (sharded / INDEX_NAME).write_text(content)
    refused(sharded, INDEX_NAME)


@pytest.mark.parametrize(
    "name",
    ["../x.safetensors", "/etc/passwd", "a/b.safetensors", "", ".", "..", 3, None, ["a"], {}],
)
def test_index_that_points_elsewhere(sharded: Path, name: object) -> None:
    (sharded.parent / "x.safetensors").write_bytes(b"")
    index = json.loads((sharded / INDEX_NAME).read_text())
    index["weight_map"][NORM] = name
    (sharded / INDEX_NAME).write_text(json.dumps(index))
    refused(sharded, INDEX_NAME, repr(name))


def test_index_of_another_model(sharded: Path) -> None:
    index = json.loads((sharded / INDEX_NAME).read_text())
    index["weight_map"]["model.layers.7.mlp.up_proj.weight"] = SHARDS[0]
    (sharded / INDEX_NAME).write_text(json.dumps(index))
    refused(sharded, SHARDS[0], "model.layers.7.mlp.up_proj.weight")


# --- shards ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scratch(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose shard each example writes anew."""
    return copy_checkpoint(good, tmp_path_factory.mktemp("scratch"))


@settings(max_examples=60)
@given(data=st.data())
def test_truncated_anywhere(good: Path, scratch: Path, data: st.DataObject) -> None:
    content = (good / FILE).read_bytes()
    header_end = 8 + int.from_bytes(content[:8], "little")
    position = st.integers(0, header_end) | st.integers(0, len(content) - 1)
    (scratch / FILE).write_bytes(content[: data.draw(position)])
    refused(scratch, FILE, "truncated or broken")


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**63, 2**64 - 1])
def test_absurd_header_length(folder: Path, length: int) -> None:
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(length.to_bytes(8, "little") + content[8:])
    refused(folder, FILE, "header")


@pytest.mark.parametrize(
    "header", [b"nonsense", b"\xff\xfe\x00", b"[]", b"3", b'"x"', b"[" * 9999, b"9" * 9999]
)
def test_header_that_is_no_json_object(folder: Path, header: bytes) -> None:
    (folder / FILE).write_bytes(len(header).to_bytes(8, "little") + header)
    refused(folder, FILE, "header")


@pytest.mark.parametrize(
    "entry",
    [
        None,
        3,
        [],
        {},
        {"dtype": "BF16", "shape": [64]},
        {"dtype": "BF16", "shape": 64, "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": ["x"], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [64.5], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [-8, -8], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [float("inf")], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [2**70], "data_offsets": [0, 128]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0, 1, 2]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0, None]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [128, 0]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [-128, 0]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [0, 2**62]},
        {"dtype": "BF16", "shape": [64], "data_offsets": [2**40, 2**40 + 128]},
        {"dtype": "BF16", "shape": [63], "data_offsets": [0, 128]},
        {"dtype": "F32", "shape": [64], "data_offsets": [0, 128]},
    ],
    ids=str,
)
def test_malformed_header_entry(folder: Path, entry: object) -> None:
    change_header(folder / FILE, lambda header: header.update({NORM: entry}))
    refused(folder, FILE, NORM, "truncated or broken")


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E5M2", "I8", "I64", "F64", "BOOL", "Q4_K", ""])
def test_dtypes_that_are_no_weights_of_ours(folder: Path, dtype: str) -> None:
    change_header(folder / FILE, lambda header: header[NORM].update(dtype=dtype))
    refused(folder, FILE, NORM, f"stored as {dtype}")


def test_overlapping_tensors(folder: Path) -> None:
    def overlap(header: dict[str, Any]) -> None:
        header[NORM]["data_offsets"] = header["model.layers.0.input_layernorm.weight"][
            "data_offsets"
        ]

    change_header(folder / FILE, overlap)
    refused(folder, FILE, "overlaps")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**400, 1e300, 1e-300])
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["yarn", "default", "affine", "nvfp4", "F8_E4M3", "BF16"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rope_type", "factor", "mode", "bits", "group_size", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def only_our_errors(run: Callable[[], object]) -> None:
    message = ""
    try:
        run()
    except Qwen3MLXError as error:
        message = str(error)
    assert "\n" not in message


@settings(max_examples=150)
@given(
    name=st.sampled_from([NORM, f"{Q_PROJ}.weight", "__metadata__", "new"]),
    key=st.sampled_from([None, "dtype", "shape", "data_offsets"]),
    value=JSON,
)
def test_no_header_escapes(
    good: Path, scratch: Path, name: str, key: str | None, value: object
) -> None:
    def change(header: dict[str, Any]) -> None:
        if key is None or not isinstance(header.get(name), dict):
            header[name] = value
        else:
            header[name][key] = value

    shutil.copyfile(good / FILE, scratch / FILE)
    change_header(scratch / FILE, change)
    only_our_errors(lambda: load_model(scratch))


@settings(max_examples=60)
@given(flips=st.dictionaries(st.integers(0, 1500), st.integers(0, 255), min_size=1, max_size=4))
def test_no_flipped_bytes_escape(good: Path, scratch: Path, flips: dict[int, int]) -> None:
    content = bytearray((good / FILE).read_bytes())
    for position, byte in flips.items():
        content[position] = byte
    (scratch / FILE).write_bytes(content)
    only_our_errors(lambda: load_model(scratch))


# --- tensors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [NORM, f"{Q_PROJ}.weight", "model.embed_tokens.weight", "lm_head.weight"],
)
def test_missing_tensor(folder: Path, name: str) -> None:
    change_tensors(folder, {name: None})
    refused(folder, name)


@pytest.mark.parametrize(
    "name",
    ["lm_head.bias", "model.layers.2.input_layernorm.weight", f"{Q_PROJ}.bias", "visual.x", ""],
)
def test_extra_tensor(folder: Path, name: str) -> None:
    change_tensors(folder, {name: mx.zeros((4,))})
    refused(folder, FILE, name, "config.json")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        (NORM, (63,)),
        (NORM, (1, 64)),
        (NORM, ()),
        (f"{Q_PROJ}.weight", (64, 128)),
        (f"{Q_PROJ}.weight", (128 * 64,)),
        ("model.embed_tokens.weight", (31, 64)),
        ("lm_head.weight", (33, 64)),
    ],
)
def test_wrong_shape(folder: Path, name: str, size: tuple[int, ...]) -> None:
    change_tensors(folder, {name: mx.zeros(size)})
    refused(folder, FILE, name, str(list(size)))


@pytest.mark.parametrize("name", [NORM, f"{Q_PROJ}.weight"])
@pytest.mark.parametrize("dtype", [mx.uint8, mx.uint32])
def test_packed_without_scales(folder: Path, name: str, dtype: mx.Dtype) -> None:
    change_tensors(folder, {name: mx.zeros((64,), dtype)})
    refused(folder, FILE, name, "no", "scales")


@pytest.mark.parametrize("part", ["weight", "scales", "biases"])
def test_a_part_of_a_packed_weight_is_missing(packed: Path, part: str) -> None:
    change_tensors(packed, {f"{Q_PROJ}.{part}": None})
    refused(packed, f"{Q_PROJ}.{part}")


@pytest.mark.parametrize("override", [False, True])
@pytest.mark.parametrize("part", ["weight", "scales", "biases"])
@pytest.mark.parametrize("size", [(), (0,), (128,), (128, 3), (127, 2), (2, 128, 2), (128, 0)])
def test_a_part_of_a_packed_weight_has_another_shape(
    packed: Path, part: str, size: tuple[int, ...], override: bool
) -> None:
    if override:
        spec = {"group_size": 32, "bits": 4}
        edit_json(packed / "config.json", {"quantization": {**spec, Q_PROJ: spec}})
    dtype = mx.uint32 if part == "weight" else mx.bfloat16
    change_tensors(packed, {f"{Q_PROJ}.{part}": mx.zeros(size, dtype)})
    refused(packed, Q_PROJ)


@pytest.mark.parametrize("mode", ["mxfp4", "mxfp8", "nvfp4"])
def test_float_scales_where_config_says_otherwise(packed: Path, mode: str) -> None:
    edit_json(packed / "config.json", {"quantization": {"mode": mode, Q_PROJ: {"mode": mode}}})
    refused(packed, Q_PROJ)


def test_byte_scales_where_config_says_affine(packed: Path) -> None:
    spec = {"group_size": 32, "bits": 4}
    edit_json(packed / "config.json", {"quantization": {**spec, Q_PROJ: spec}})
    change_tensors(packed, {f"{Q_PROJ}.scales": mx.zeros((128, 2), mx.uint8)})
    refused(packed, FILE, Q_PROJ, "U8")


def test_float_weight_beside_scales(packed: Path) -> None:
    change_tensors(packed, {f"{Q_PROJ}.weight": mx.zeros((128, 8), mx.float32)})
    refused(packed, FILE, Q_PROJ)


def test_quantized_but_config_does_not_say_so(packed: Path) -> None:
    edit_json(packed / "config.json", {}, ["quantization"])
    refused(packed, "model.embed_tokens", "config.json", "quantization")


def test_quantized_but_config_says_it_is_not(packed: Path) -> None:
    spec = {"group_size": 32, "bits": 4}
    edit_json(packed / "config.json", {"quantization": {**spec, Q_PROJ: False}})
    refused(packed, "config.json", Q_PROJ)


@pytest.mark.parametrize(
    "path", ["model.layers.0.self_attn.q_proj", "model.layers.0.mlp.switch_mlp.up_proj"]
)
def test_global_scale_where_it_cannot_be_used(experts: Path, path: str) -> None:
    """MLX has it for experts on the GPU only; skipping it would give wrong numbers."""
    size = (MOE.num_experts,) if "switch_mlp" in path else ()
    change_tensors(experts, {f"{path}.global_scale": mx.ones(size)})
    refused(experts, f"{path}.global_scale")


# --- config.json -----------------------------------------------------------------------------


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
def test_counts_that_are_none(folder: Path, key: str, value: object) -> None:
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
        ({"rope_scaling": {"rope_type": "linear", "factor": 2.0}}, "linear"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "dynamic"),
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
        ({"num_experts": 2**30}, "gate"),
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
        ({"bits": 1, "group_size": 64}, "1"),
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


@pytest.mark.parametrize("method", ["gptq", "awq", "fp8", "bitsandbytes", "compressed-tensors"])
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
        "mscale",
        "mscale_all_dim",
        "truncate",
        "rope_theta",
    )
] + [("quantization", key) for key in ("group_size", "bits", "mode", "lm_head", "new")]


@settings(max_examples=300)
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


@settings(max_examples=100)
@given(value=JSON | st.dictionaries(st.sampled_from([key for _, key in INNER]), JSON))
def test_no_rope_option_escapes(value: Any) -> None:
    config = ModelConfig.from_mapping(BASE)
    only_our_errors(lambda: config.with_options(LoadOptions(rope_scaling=value)))


# --- generation_config.json ------------------------------------------------------------------


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


# --- what the machine or the user asks for ----------------------------------------------------


def test_more_than_the_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_usable_memory", lambda: 100_000)
    with pytest.raises(MemoryBudgetError, match=folder.name):
        load_model(folder)


def test_quantized_cache_that_does_not_fit_the_heads(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, Shape(head_dim=16, num_hidden_layers=1))
    with pytest.raises(InvalidRequestError, match="kv_bits") as caught:
        load_model(folder, options=LoadOptions(kv_bits=4))
    assert caught.value.param == "kv_bits"


def test_each_tensor_is_handed_out_once(folder: Path) -> None:
    checkpoint = Checkpoint(folder)
    checkpoint.take(NORM)
    assert NORM not in checkpoint
    with pytest.raises(CheckpointError, match=NORM):
        checkpoint.take(NORM)
