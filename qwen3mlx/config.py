"""What a checkpoint and a caller may set, each thing declared once: frozen and validated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from .errors import CheckpointError, InvalidRequestError

QuantizationMode = Literal["affine", "mxfp4", "mxfp8", "nvfp4"]

# group_size and bits that MLX has kernels for, per mode.
_QUANTIZATION_SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "affine": ((32, 64, 128), (2, 3, 4, 5, 6, 8)),
    "mxfp4": ((32,), (4,)),
    "mxfp8": ((32,), (8,)),
    "nvfp4": ((16,), (4,)),
}


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; CheckpointError names the file when there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing: a checkpoint folder needs it; download the model again."
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON ({error}).") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} must hold a JSON object, not {type(value).__name__}.")
    return value


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """Rotary embedding: `rope_theta` + `rope_scaling`, or transformers 5's `rope_parameters`.

    Only static YaRN (arXiv:2309.00071) scales; it is what Qwen3's model cards give.
    """

    theta: float = 1_000_000.0
    kind: Literal["default", "yarn"] = "default"
    factor: float = 1.0
    original_max_position_embeddings: int = 32_768
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float | None = None
    mscale: float | None = None
    mscale_all_dim: float | None = None
    truncate: bool = True

    @classmethod
    def from_mapping(
        cls, scaling: Mapping[str, Any] | None, *, theta: float, max_positions: int, source: str
    ) -> RopeConfig:
        """`scaling` is the value of `rope_scaling` or `rope_parameters`; `source` names it in errors."""
        values = dict(scaling or {})
        kind = values.pop("rope_type", values.pop("type", "default"))
        values.pop("type", None)
        theta = _number(values.pop("rope_theta", theta), f"{source} rope_theta", above=0)
        if kind == "default":
            return cls(theta=theta)
        if kind != "yarn":
            raise CheckpointError(
                f"{source} asks for rope type {kind!r}; Qwen3 here knows 'default' and 'yarn'."
            )
        known = {f.name for f in fields(cls)} - {"theta", "kind"}
        if unknown := sorted(set(values) - known):
            raise CheckpointError(f"{source} has unknown keys for yarn: {', '.join(unknown)}.")
        if "factor" not in values:
            raise CheckpointError(f"{source} of type 'yarn' needs a 'factor'.")
        values.setdefault("original_max_position_embeddings", max_positions)
        truncate = values.pop("truncate", True)
        numbers = {
            key: _number(value, f"{source} {key}", above=0)
            for key, value in values.items()
            if value is not None
        }
        numbers["original_max_position_embeddings"] = int(
            numbers["original_max_position_embeddings"]
        )
        return cls(theta=theta, kind="yarn", truncate=bool(truncate), **numbers)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class QuantizationSpec:
    """How one module's weight is packed. affine has float scales and biases, the others uint8 scales."""

    group_size: int
    bits: int
    mode: QuantizationMode = "affine"

    def __post_init__(self) -> None:
        if self.mode not in get_args(QuantizationMode):
            raise CheckpointError(
                f"quantization mode {self.mode!r} is not supported; "
                f"known are {', '.join(get_args(QuantizationMode))}."
            )
        group_sizes, bits = _QUANTIZATION_SHAPES[self.mode]
        if self.group_size not in group_sizes or self.bits not in bits:
            raise CheckpointError(
                f"{self.mode} quantization with group_size {self.group_size!r} and bits "
                f"{self.bits!r} is not supported; it takes group_size {_or(group_sizes)} "
                f"and bits {_or(bits)}."
            )


_MODE_DEFAULTS = {"affine": (64, 4), "mxfp4": (32, 4), "mxfp8": (32, 8), "nvfp4": (16, 4)}


@dataclass(frozen=True, slots=True)
class QuantizationConfig:
    """`quantization` of config.json as mlx-lm writes it: a default, and overrides by module path.

    An override is a spec of its own, or None where the checkpoint says `false` (kept in float).
    """

    default: QuantizationSpec
    overrides: Mapping[str, QuantizationSpec | None] = field(default_factory=dict)

    def for_path(self, path: str) -> QuantizationSpec | None:
        return self.overrides.get(path, self.default)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], source: str) -> QuantizationConfig:
        if "quant_method" in raw:
            raise CheckpointError(
                f"{source} is quantized with {raw['quant_method']!r}; only MLX's own formats load: "
                "get the model's MLX version, or its float weights."
            )
        default = _quantization_spec(raw, source)
        overrides: dict[str, QuantizationSpec | None] = {}
        for path, value in raw.items():
            if isinstance(value, Mapping):
                overrides[path] = _quantization_spec(value, f"{source} {path}")
            elif value is False:
                overrides[path] = None
            elif path not in ("group_size", "bits", "mode", "linear_class"):
                raise CheckpointError(f"{source} has an unknown entry {path!r}: {value!r}.")
        return cls(default, overrides)


def _quantization_spec(raw: Mapping[str, Any], source: str) -> QuantizationSpec:
    mode = raw.get("mode") or "affine"
    group_size, bits = _MODE_DEFAULTS.get(mode, (64, 4))
    try:
        return QuantizationSpec(
            group_size=raw.get("group_size") or group_size, bits=raw.get("bits") or bits, mode=mode
        )
    except CheckpointError as error:
        raise CheckpointError(f"{source}: {error}") from None


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`config.json` of a Qwen3 checkpoint, dense (`qwen3`) or MoE (`qwen3_moe`); keys keep their names.

    `num_experts` is 0 for a dense model. Metadata keys are skipped; a key that would change the
    computation and is not implemented here raises CheckpointError.
    """

    model_type: Literal["qwen3", "qwen3_moe"]
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float
    max_position_embeddings: int
    tie_word_embeddings: bool
    rope: RopeConfig
    quantization: QuantizationConfig | None = None
    dtype: str = "bfloat16"
    num_experts: int = 0
    num_experts_per_tok: int = 0
    moe_intermediate_size: int = 0
    decoder_sparse_step: int = 1
    mlp_only_layers: tuple[int, ...] = ()
    norm_topk_prob: bool = False
    eos_token_ids: tuple[int, ...] = ()

    @classmethod
    def from_folder(cls, folder: Path) -> ModelConfig:
        path = folder / "config.json"
        return cls.from_mapping(read_json(path), source=str(path))

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], *, source: str = "config.json") -> ModelConfig:
        model_type = raw.get("model_type")
        if model_type not in ("qwen3", "qwen3_moe"):
            raise CheckpointError(
                f"{source} has model_type {model_type!r}; this program runs 'qwen3' and 'qwen3_moe'."
            )
        _refuse_unsupported(raw, source)
        reader = _Reader(raw, source)
        heads = reader.integer("num_attention_heads")
        hidden_size = reader.integer("hidden_size")
        max_positions = reader.integer("max_position_embeddings", 32_768)
        moe = _moe_fields(reader) if model_type == "qwen3_moe" else {}
        quantization = raw.get("quantization") or raw.get("quantization_config")
        config = cls(
            model_type=model_type,
            vocab_size=reader.integer("vocab_size"),
            hidden_size=hidden_size,
            intermediate_size=reader.integer("intermediate_size"),
            num_hidden_layers=reader.integer("num_hidden_layers"),
            num_attention_heads=heads,
            num_key_value_heads=reader.integer("num_key_value_heads", heads),
            head_dim=reader.integer("head_dim", hidden_size // heads),
            rms_norm_eps=_number(raw.get("rms_norm_eps", 1e-6), f"{source} rms_norm_eps", above=0),
            max_position_embeddings=max_positions,
            tie_word_embeddings=bool(raw.get("tie_word_embeddings", False)),
            rope=RopeConfig.from_mapping(
                raw.get("rope_parameters") or raw.get("rope_scaling"),
                theta=raw.get("rope_theta", 1_000_000.0),
                max_positions=max_positions,
                source=f"{source} rope",
            ),
            quantization=QuantizationConfig.from_mapping(quantization, f"{source} quantization")
            if quantization
            else None,
            dtype=raw.get("dtype") or raw.get("torch_dtype") or "bfloat16",
            eos_token_ids=_token_ids(raw.get("eos_token_id"), f"{source} eos_token_id"),
            **moe,
        )
        config._check(source)
        return config

    def _check(self, source: str) -> None:
        if self.num_attention_heads % self.num_key_value_heads:
            raise CheckpointError(
                f"{source}: num_attention_heads {self.num_attention_heads} is no multiple of "
                f"num_key_value_heads {self.num_key_value_heads}."
            )
        if self.head_dim % 2:
            raise CheckpointError(f"{source}: head_dim {self.head_dim} must be even.")
        if self.num_experts_per_tok > self.num_experts:
            raise CheckpointError(
                f"{source}: num_experts_per_tok {self.num_experts_per_tok} is more than "
                f"num_experts {self.num_experts}."
            )

    def is_sparse(self, layer: int) -> bool:
        """Whether `layer` is a mixture of experts (`mlp_only_layers`, `decoder_sparse_step`)."""
        return (
            self.num_experts > 0
            and layer not in self.mlp_only_layers
            and (layer + 1) % self.decoder_sparse_step == 0
        )

    def with_options(self, options: LoadOptions) -> ModelConfig:
        """This configuration under a user's load-time settings."""
        config = self
        if options.rope_scaling is not None:
            try:
                rope = RopeConfig.from_mapping(
                    options.rope_scaling,
                    theta=self.rope.theta,
                    max_positions=self.max_position_embeddings,
                    source="rope_scaling",
                )
            except CheckpointError as error:
                raise InvalidRequestError(str(error), param="rope_scaling") from None
            scaled = int(rope.factor * rope.original_max_position_embeddings)
            positions = max(self.max_position_embeddings, scaled)
            config = replace(config, rope=rope, max_position_embeddings=positions)
        if options.context_length is not None:
            config = replace(config, max_position_embeddings=options.context_length)
            self._check_context(options, config)
        return config

    def _check_context(self, options: LoadOptions, config: ModelConfig) -> None:
        rope = config.rope
        trained = (
            int(rope.factor * rope.original_max_position_embeddings)
            if rope.kind == "yarn"
            else self.max_position_embeddings
        )
        limit = max(trained, self.max_position_embeddings)
        if options.context_length is not None and options.context_length > limit:
            raise InvalidRequestError(
                f"a context of {options.context_length} tokens is more than the {limit} this model "
                "has positions for; ask for less, or set YaRN with rope_scaling "
                '{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}.',
                param="context_length",
            )


def _refuse_unsupported(raw: Mapping[str, Any], source: str) -> None:
    """Settings of transformers' Qwen3 that no released checkpoint uses and that change the result."""
    expected: dict[str, Any] = {
        "attention_bias": False,
        "use_sliding_window": False,
        "hidden_act": "silu",
    }
    for key, value in expected.items():
        if raw.get(key, value) != value:
            raise CheckpointError(
                f"{source} sets {key} to {raw[key]!r}; only {value!r} is supported."
            )
    layer_types = set(raw.get("layer_types") or ["full_attention"])
    if layer_types != {"full_attention"}:
        raise CheckpointError(f"{source} has layer_types other than 'full_attention'.")


def _moe_fields(reader: _Reader) -> dict[str, Any]:
    return {
        "num_experts": reader.integer("num_experts"),
        "num_experts_per_tok": reader.integer("num_experts_per_tok"),
        "moe_intermediate_size": reader.integer("moe_intermediate_size"),
        "decoder_sparse_step": reader.integer("decoder_sparse_step", 1),
        "mlp_only_layers": tuple(reader.raw.get("mlp_only_layers") or ()),
        "norm_topk_prob": bool(reader.raw.get("norm_topk_prob", False)),
    }


@dataclass(frozen=True, slots=True)
class _Reader:
    raw: Mapping[str, Any]
    source: str

    def integer(self, key: str, default: int | None = None) -> int:
        """A positive whole number, as every size and count is."""
        value = self.raw.get(key, default)
        if value is None:
            raise CheckpointError(f"{self.source} has no {key!r}.")
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise CheckpointError(
                f"{self.source} has {key} {value!r}; it must be a positive whole number."
            )
        return value


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """`generation_config.json`: stop tokens and the sampling the model's makers advise.

    Where the file says nothing, `sampling_defaults` has Qwen3's model card.
    """

    eos_token_ids: tuple[int, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None

    @classmethod
    def from_folder(cls, folder: Path) -> GenerationConfig:
        path = folder / "generation_config.json"
        raw = read_json(path) if path.exists() else {}
        greedy = raw.get("do_sample") is False
        numbers = {
            key: _number(raw[key], f"{path} {key}")
            for key in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
            if raw.get(key) is not None
        }
        if "top_k" in numbers:
            numbers["top_k"] = int(numbers["top_k"])
        if greedy:
            numbers["temperature"] = 0.0
        eos = _token_ids(raw.get("eos_token_id"), f"{path} eos_token_id")
        return cls(eos_token_ids=eos, **numbers)  # type: ignore[arg-type]

    def sampling_defaults(self, *, thinking: bool) -> dict[str, float]:
        """temperature, top_p, top_k, min_p, repetition_penalty for one mode.

        Qwen3's card: thinking 0.6 / 0.95 / 20 / 0, non-thinking 0.7 / 0.8 / 20 / 0. The released
        generation_config.json holds the thinking values, so they rule that mode only.
        """
        card = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.0}
        own = {
            key: value
            for key in (*card, "repetition_penalty")
            if (value := getattr(self, key)) is not None
        }
        if not thinking and (own.get("temperature"), own.get("top_p")) == (0.6, 0.95):
            own |= {"temperature": 0.7, "top_p": 0.8}
        if thinking and own.get("temperature") == 0.0:
            del own["temperature"]  # greedy thinking repeats itself without end
        return {**card, "repetition_penalty": 1.0, **own}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What a user may change when a model is loaded.

    `context_length` in tokens; `rope_scaling` as in config.json (YaRN); `kv_bits` 4 or 8 keeps keys
    and values quantized (None: in the compute dtype).
    """

    context_length: int | None = None
    rope_scaling: Mapping[str, Any] | None = None
    kv_bits: int | None = None

    def __post_init__(self) -> None:
        if self.context_length is not None and self.context_length < 1:
            raise InvalidRequestError(
                f"context_length {self.context_length} must be at least 1.", param="context_length"
            )
        if self.kv_bits not in (None, 4, 8):
            raise InvalidRequestError(
                f"kv_bits {self.kv_bits!r} is not supported; use 4 or 8.", param="kv_bits"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How one request's tokens are chosen and when it ends.

    Penalties count generated tokens only (OpenAI's presence and frequency; CTRL's repetition,
    arXiv:1909.05858). `temperature` 0 is greedy; `top_k` 0, `top_p` 1 and `min_p` 0 are off.
    `thinking_budget` is the number of tokens of thought after which the answer is begun.
    """

    temperature: float = 0.6
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None
    logprobs: bool = False
    top_logprobs: int = 0
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    min_tokens: int = 0
    max_tokens: int | None = None
    thinking_budget: int | None = None

    def __post_init__(self) -> None:
        _in_range("temperature", self.temperature, 0, 100)
        _in_range("top_p", self.top_p, 0, 1, above=True)
        _in_range("top_k", self.top_k, 0, 2**31 - 1)
        _in_range("min_p", self.min_p, 0, 1)
        _in_range("repetition_penalty", self.repetition_penalty, 0, 100, above=True)
        _in_range("presence_penalty", self.presence_penalty, -2, 2)
        _in_range("frequency_penalty", self.frequency_penalty, -2, 2)
        _in_range("top_logprobs", self.top_logprobs, 0, 20)
        _in_range("min_tokens", self.min_tokens, 0, 2**31 - 1)
        for name in ("max_tokens", "thinking_budget"):
            if getattr(self, name) is not None:
                _in_range(name, getattr(self, name), 0, 2**31 - 1)
        for token_id, bias in self.logit_bias.items():
            _in_range(f"logit_bias of token {token_id}", bias, -100, 100, param="logit_bias")
        if any(not stop for stop in self.stop):
            raise InvalidRequestError("a stop string must not be empty.", param="stop")


def _in_range(
    name: str, value: float, low: float, high: float, *, above: bool = False, param: str = ""
) -> None:
    if isinstance(value, (int, float)) and (low < value if above else low <= value) and value <= high:
        return
    bound = "above" if above else "from"
    raise InvalidRequestError(
        f"{name} is {value!r}; it must be a number {bound} {low} to {high}.", param=param or name
    )


def _number(value: Any, name: str, *, above: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CheckpointError(f"{name} is {value!r}; it must be a number.")
    if above is not None and value <= above:
        raise CheckpointError(f"{name} is {value!r}; it must be more than {above}.")
    return value


def _token_ids(value: Any, name: str) -> tuple[int, ...]:
    """`eos_token_id` is a number, a list of them, or null."""
    ids = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(i, bool) or not isinstance(i, int) for i in ids):
        raise CheckpointError(f"{name} is {value!r}; it must be a token id or a list of them.")
    return tuple(ids)


def _or(values: tuple[int, ...]) -> str:
    return " or ".join(str(value) for value in values)
