"""config.json: defaults, spellings, and load options."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.config import LoadOptions, ModelConfig
from qwen3mlx.config.quantization import QuantizationSpec
from qwen3mlx.errors import CheckpointError, InvalidRequestError

from .released import RELEASED

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}


def config_with(name: str = "8B", **changes: Any) -> ModelConfig:
    return ModelConfig.from_mapping(RELEASED[name] | changes)


def without(*keys: str, name: str = "8B", **changes: Any) -> ModelConfig:
    left = {k: v for k, v in RELEASED[name].items() if k not in keys}
    return ModelConfig.from_mapping(left | changes)


def test_what_may_be_left_out() -> None:
    """Return the same configuration as read by transformers."""
    assert without("head_dim", name="32B").head_dim == 128  # hidden_size / heads is 80
    assert without("num_key_value_heads", name="32B").num_key_value_heads == 32
    assert config_with("0.6B", num_key_value_heads=None).num_key_value_heads == 16
    assert without("rms_norm_eps").rms_norm_eps == 1e-6
    assert without("max_position_embeddings").max_position_embeddings == 32_768
    assert without("tie_word_embeddings").tie_word_embeddings is False
    assert without("eos_token_id").eos_token_ids == ()
    assert without("torch_dtype").dtype == "bfloat16"
    assert without("rope_theta").rope.theta == 10_000
    assert config_with(rope_theta=None, rope_scaling=YARN).rope.theta == 10_000


@pytest.mark.parametrize(
    "key",
    ["head_dim", "rms_norm_eps", "tie_word_embeddings", "max_position_embeddings",
     "use_sliding_window", "attention_bias", "hidden_act", "rope_scaling"],
)  # fmt: skip
def test_null_leaves_a_key_open(key: str) -> None:
    changes: dict[str, Any] = {key: None}
    assert config_with(**changes) == without(key)


def test_null_leaves_a_key_of_a_moe_open() -> None:
    keys = ("norm_topk_prob", "decoder_sparse_step", "num_experts_per_tok", "num_key_value_heads")
    nulls: dict[str, Any] = dict.fromkeys(keys)
    assert config_with("30B-A3B", **nulls) == without(*keys, name="30B-A3B")


def test_parameters_of_single_layers_are_refused() -> None:
    nested = {"full_attention": {"rope_type": "default", "rope_theta": 1e6}}
    with pytest.raises(CheckpointError, match="'full_attention'"):
        without("rope_theta", "rope_scaling", rope_parameters=nested)


def test_what_may_be_left_out_of_a_moe() -> None:
    moe = without(
        "decoder_sparse_step",
        "mlp_only_layers",
        "norm_topk_prob",
        "num_experts_per_tok",
        "num_key_value_heads",
        name="30B-A3B",
    )
    assert moe == config_with("30B-A3B", norm_topk_prob=False)
    assert without("head_dim", name="30B-A3B").head_dim == 2048 // 32
    renamed = without("num_experts", name="30B-A3B", num_local_experts=64)
    assert renamed.num_experts == 64


def test_keys_that_change_nothing_are_skipped() -> None:
    assert config_with(sliding_window=4096, quantization=None, anything={}) == config_with()


def test_layer_types_of_newer_files() -> None:
    assert config_with(layer_types=["full_attention"] * 36) == config_with()


def test_dtype_of_newer_files() -> None:
    assert config_with(dtype="float16").dtype == "float16"


@pytest.mark.parametrize(("given", "ids"), [(None, ()), (7, (7,)), ([7, 8], (7, 8)), ([], ())])
def test_eos_token_id(given: object, ids: tuple[int, ...]) -> None:
    assert config_with(eos_token_id=given).eos_token_ids == ids


@pytest.mark.parametrize(
    ("step", "mlp_only", "sparse"),
    [
        (1, [], [True, True, True, True]),
        (2, [], [False, True, False, True]),
        (3, [], [False, False, True, False]),
        (1, [0, 2], [False, True, False, True]),
        (2, [1], [False, False, False, True]),
    ],
)
def test_which_layers_are_sparse(step: int, mlp_only: list[int], sparse: list[bool]) -> None:
    config = config_with("30B-A3B", decoder_sparse_step=step, mlp_only_layers=mlp_only)
    assert [config.is_sparse(layer) for layer in range(4)] == sparse


def test_scaling_wins_over_parameters_and_keeps_their_theta() -> None:
    """A user adds the model card's rope_scaling to a file that transformers 5 wrote."""
    raw = {k: v for k, v in RELEASED["8B"].items() if k not in ("rope_theta", "rope_scaling")}
    parameters = {"rope_type": "default", "rope_theta": 5e6}
    plain = ModelConfig.from_mapping(raw | {"rope_parameters": parameters})
    scaled = ModelConfig.from_mapping(raw | {"rope_parameters": parameters, "rope_scaling": YARN})
    assert (plain.rope.kind, plain.rope.theta) == ("default", 5e6)
    assert (scaled.rope.kind, scaled.rope.factor, scaled.rope.theta) == ("yarn", 4.0, 5e6)


def test_original_positions_default_to_the_models() -> None:
    rope = config_with(rope_scaling={"rope_type": "yarn", "factor": 2}).rope
    assert rope.original_max_position_embeddings == 40960


def test_quantization_and_its_overrides() -> None:
    quantization = {
        "group_size": 64,
        "bits": 4,
        "lm_head": False,
        "model.embed_tokens": {"group_size": 32, "bits": 8},
        "model.layers.0.mlp.up_proj": {"mode": "nvfp4", "group_size": None},
    }
    # mlx-lm writes the same under both names.
    config = config_with(quantization=quantization, quantization_config=quantization)
    assert config == config_with(quantization_config=quantization)
    assert config.quantization is not None
    assert config.quantization.default == QuantizationSpec(64, 4, "affine")
    assert config.quantization.overrides == {
        "lm_head": None,
        "model.embed_tokens": QuantizationSpec(32, 8, "affine"),
        "model.layers.0.mlp.up_proj": QuantizationSpec(16, 4, "nvfp4"),
    }


def test_a_model_has_no_such_number_of_overrides() -> None:
    overrides = {f"layers.{i}": {"bits": 8, "group_size": 64} for i in range(10_001)}
    with pytest.raises(CheckpointError, match="entries"):
        config_with("30B-A3B", quantization={"bits": 4, "group_size": 64, **overrides})


@pytest.mark.parametrize(
    ("mode", "group_size", "bits"),
    [("affine", 64, 4), ("mxfp4", 32, 4), ("mxfp8", 32, 8), ("nvfp4", 16, 4)],
)
def test_a_mode_alone_means_mlxs_defaults(mode: str, group_size: int, bits: int) -> None:
    quantization = config_with(quantization={"mode": mode}).quantization
    assert quantization is not None
    assert quantization.default == QuantizationSpec(group_size, bits, mode)  # type: ignore[arg-type]


def test_the_source_is_named() -> None:
    with pytest.raises(CheckpointError, match=r"/models/x/config\.json.*'gpt2'"):
        ModelConfig.from_mapping({"model_type": "gpt2"}, source="/models/x/config.json")


# --- load options -----------------------------------------------------------------------------


def test_without_options_nothing_changes() -> None:
    config = config_with()
    assert config.with_options(LoadOptions()) == config


def test_yarn_as_an_option_lengthens_the_context() -> None:
    config = config_with().with_options(LoadOptions(rope_scaling=YARN))
    assert config == config_with(rope_scaling=YARN, max_position_embeddings=131_072)


def test_yarn_never_shortens_the_context() -> None:
    short = YARN | {"original_max_position_embeddings": 4096}
    config = config_with().with_options(LoadOptions(rope_scaling=short))
    assert config.max_position_embeddings == 40960


@pytest.mark.parametrize("context_length", [1, 4096, 40960])
def test_context_length(context_length: int) -> None:
    config = config_with().with_options(LoadOptions(context_length=context_length))
    assert config.max_position_embeddings == context_length


def test_context_length_of_the_checkpoints_own_yarn() -> None:
    options = LoadOptions(context_length=131_072)
    config = config_with(rope_scaling=YARN).with_options(options)
    assert config.max_position_embeddings == 131_072


@pytest.mark.parametrize(
    ("scaling", "limit"), [(None, 40960), (YARN | {"factor": 2.0}, 65536), (YARN, 131_072)]
)
def test_context_length_beyond_the_positions(scaling: dict[str, Any] | None, limit: int) -> None:
    config = config_with()
    config.with_options(LoadOptions(context_length=limit, rope_scaling=scaling))
    with pytest.raises(InvalidRequestError, match=f"{limit + 1}.*{limit}.*yarn") as caught:
        config.with_options(LoadOptions(context_length=limit + 1, rope_scaling=scaling))
    assert caught.value.param == "context_length"


@pytest.mark.parametrize(
    "scaling",
    [
        {"rope_type": "linear", "factor": 2},
        {"rope_type": "dynamic", "factor": 2},
        {"rope_type": "yarn"},
        {"factor": 4.0},
    ],
)
def test_rope_scaling_that_cannot_be(scaling: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="rope_scaling") as caught:
        config_with().with_options(LoadOptions(rope_scaling=scaling))
    assert caught.value.param == "rope_scaling"


@pytest.mark.parametrize(
    "changes",
    [
        {"num_hidden_layers": 1025},
        {"hidden_size": 2**18},
        {"vocab_size": 2**23},
        {"head_dim": 8192},
        {"max_position_embeddings": 2**28},
        {"num_experts": 5000},
        {"num_hidden_layers": 1024, "num_experts": 4096},
        {"decoder_sparse_step": 10**9},
        {"mlp_only_layers": [48]},
        {"mlp_only_layers": [-1]},
        {"mlp_only_layers": [0] * 100},
        {"eos_token_id": [0] * 1001},
        {"eos_token_id": 10**30},
        {"torch_dtype": "x" * 33},
        {"torch_dtype": ["bfloat16"]},
    ],
    ids=str,
)
def test_counts_have_ceilings(changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match=list(changes)[-1].split("_")[-1]):
        config_with("30B-A3B", **changes)


def test_the_largest_that_is_taken_is_counted_at_once() -> None:
    config = config_with("30B-A3B", num_hidden_layers=1024, num_experts=128)
    assert config.num_sparse_layers == 1024
    assert config.num_parameters > 600e9
