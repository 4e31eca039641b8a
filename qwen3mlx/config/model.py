"""config.json: the shape of a Qwen3 checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import CheckpointError, InvalidRequestError
from ..quoting import quoted
from .config_reader import ConfigReader
from .json_file import number, read_json, token_ids
from .kind import Kind, kind_of, labels_of, pools
from .modules import Module
from .options import LoadOptions
from .own_head import has_own_head
from .published import PublishedQuantization
from .quantization import QuantizationConfig
from .rope import RopeConfig
from .tensor_headers import TensorInfo, read_infos
from .tensor_names import is_bare

_MOST_EXPERTS_IN_ALL = 1 << 17
MODEL_TYPES = ("qwen3", "qwen3_moe")
_SPARE = ("rotary_emb.inv_freq", ".k_scale", ".v_scale")
# The head that TRL's trainers add to score an answer.
_VALUE_HEAD = "v_head."


class ModelConfig(NamedTuple):
    """`config.json` of a dense (`qwen3`) or MoE (`qwen3_moe`) Qwen3; keys keep their names.

    `num_experts` is 0 for a dense model. Missing keys have the defaults of transformers'
    Qwen3Config and Qwen3MoeConfig, except for sizes, which are required. Metadata keys are ignored;
    a key that would change the computation and is not implemented raises CheckpointError.

    `quantization` is MLX's, `published` another program's; one of them is None. `kind` is what the
    model computes; a classifier has one score for each of its `labels`.
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
    published: PublishedQuantization | None = None
    dtype: str = "bfloat16"
    num_experts: int = 0
    num_experts_per_tok: int = 0
    moe_intermediate_size: int = 0
    decoder_sparse_step: int = 1
    mlp_only_layers: tuple[int, ...] = ()
    norm_topk_prob: bool = False
    eos_token_ids: tuple[int, ...] = ()
    kind: Kind = "causal"
    labels: tuple[str, ...] = ()

    @classmethod
    def from_folder(cls, folder: Path) -> ModelConfig:
        path = folder / "config.json"
        config = cls.from_mapping(read_json(path), source=str(path))
        is_embedding = config.kind == "causal" and pools(folder)
        return config._replace(kind="embedding") if is_embedding else config

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], *, source: str = "config.json") -> ModelConfig:
        model_type = raw.get("model_type")
        if model_type not in MODEL_TYPES:
            raise CheckpointError(
                f"{source} has model_type {quoted(model_type)}; "
                "only 'qwen3' and 'qwen3_moe' are supported."
            )
        raw = _without_nulls(raw)
        _refuse_unsupported(raw, source)
        reader = ConfigReader(raw, source)
        max_positions = reader.integer("max_position_embeddings", 32_768)
        own = _moe_fields(reader) if model_type == "qwen3_moe" else _dense_fields(reader)
        kind = kind_of(raw, source)
        config = cls(
            model_type=model_type,
            vocab_size=reader.integer("vocab_size"),
            hidden_size=reader.integer("hidden_size"),
            intermediate_size=reader.integer("intermediate_size"),
            num_hidden_layers=reader.integer("num_hidden_layers"),
            num_attention_heads=reader.integer("num_attention_heads"),
            rms_norm_eps=number(raw.get("rms_norm_eps", 1e-6), f"{source} rms_norm_eps", above=0),
            max_position_embeddings=max_positions,
            tie_word_embeddings=reader.flag("tie_word_embeddings"),
            rope=_rope(raw, max_positions, f"{source} rope"),
            **_quantization(raw, f"{source} quantization"),
            dtype=reader.word("dtype") or reader.word("torch_dtype") or "bfloat16",
            eos_token_ids=token_ids(raw.get("eos_token_id"), f"{source} eos_token_id"),
            kind=kind,
            labels=labels_of(raw, source) if kind == "classifier" else (),
            **own,
        )
        config._check(source)
        return config

    def _check(self, source: str) -> None:
        if self.num_attention_heads % self.num_key_value_heads:
            raise CheckpointError(
                f"{source}: num_attention_heads {self.num_attention_heads} must be a multiple of "
                f"num_key_value_heads {self.num_key_value_heads}."
            )
        if self.head_dim % 2:
            raise CheckpointError(f"{source}: head_dim {self.head_dim} must be even.")
        if self.num_hidden_layers * self.num_experts > _MOST_EXPERTS_IN_ALL:
            raise CheckpointError(
                f"{source} has {self.num_hidden_layers} layers of {self.num_experts} experts; "
                f"at most {_MOST_EXPERTS_IN_ALL:,} experts in total are supported."
            )
        layers = range(self.num_hidden_layers)
        if len(self.mlp_only_layers) > len(layers) or set(self.mlp_only_layers) - set(layers):
            raise CheckpointError(
                f"{source}: mlp_only_layers must hold layer numbers from 0 to {layers[-1]}."
            )
        if self.num_experts_per_tok > self.num_experts:
            raise CheckpointError(
                f"{source}: num_experts_per_tok {self.num_experts_per_tok} exceeds "
                f"num_experts {self.num_experts}."
            )

    def fitting(self, infos: Mapping[str, TensorInfo]) -> ModelConfig:
        """Return the configuration of a checkpoint with these tensors.

        Embedding models are often stored without a head, under a language model's architecture: the
        names are a bare model's, or the head that config.json asks for is not there. And a head can
        differ from the embedding where config.json says that it is the same. Raises
        CheckpointError.
        """
        if self.kind == "causal" and self.tie_word_embeddings and has_own_head(infos):
            return self._replace(tie_word_embeddings=False)
        embedding = infos.get("model.embed_tokens.weight")
        bare = embedding is not None and is_bare(embedding.stored)
        without = not self.tie_word_embeddings or bare
        headless = without and not any(name.startswith("lm_head.") for name in infos)
        return self._replace(kind="embedding") if self.kind == "causal" and headless else self

    def is_spare(self, name: str) -> bool:
        """Return whether a tensor that the model does not have carries no meaning.

        That is a head that is not used, a trainer's value head, and what others store for a
        quantized KV cache of their own or for the rotation, which is computed.
        """
        headless = self.tie_word_embeddings or self.kind != "causal"
        unused = (_VALUE_HEAD, "lm_head.") if headless else (_VALUE_HEAD,)
        return name.endswith(_SPARE) or name.startswith(unused)

    def is_sparse(self, layer: int) -> bool:
        """Whether `layer` is a mixture of experts (`mlp_only_layers`, `decoder_sparse_step`)."""
        return (
            self.num_experts > 0
            and layer not in self.mlp_only_layers
            and (layer + 1) % self.decoder_sparse_step == 0
        )

    @property
    def num_sparse_layers(self) -> int:
        return sum(self.is_sparse(layer) for layer in range(self.num_hidden_layers))

    @property
    def num_parameters(self) -> int:
        """Numbers in the model, quantized ones counted as what they stand for.

        Layers of a kind are alike: one of each is counted.
        """
        kinds = [self.is_sparse(layer) for layer in range(self.num_hidden_layers)]
        total = sum(module.num_weights for module in (*self._first(), *self._last()))
        for kind in set(kinds):
            layer = kinds.index(kind)
            matrices = sum(module.num_weights for module in self._layer(layer))
            norms = sum(self._layer_norms(layer).values())
            total += kinds.count(kind) * (matrices + norms)
        return total + self.hidden_size  # model.norm

    def modules(self) -> Iterator[Module]:
        """Every matrix and stack of experts, in the order of the computation."""
        yield from self._first()
        for layer in range(self.num_hidden_layers):
            yield from self._layer(layer)
        yield from self._last()

    def norms(self) -> dict[str, int]:
        """Return the size of every norm's weight, by its path."""
        sizes = {"model.norm": self.hidden_size}
        for layer in range(self.num_hidden_layers):
            sizes |= self._layer_norms(layer)
        return sizes

    def _first(self) -> Iterator[Module]:
        yield Module("model.embed_tokens", (self.vocab_size, self.hidden_size))

    def _last(self) -> Iterator[Module]:
        if self.kind == "classifier":
            yield Module("score", (len(self.labels), self.hidden_size))
        elif self.kind == "causal" and not self.tie_word_embeddings:
            yield Module("lm_head", (self.vocab_size, self.hidden_size))

    def _layer(self, layer: int) -> Iterator[Module]:
        yield from self._attention(f"model.layers.{layer}.self_attn")
        path = f"model.layers.{layer}.mlp"
        if self.is_sparse(layer):
            yield Module(f"{path}.gate", (self.num_experts, self.hidden_size))
            stack = (self.num_experts,)
            yield from self._mlp(f"{path}.switch_mlp", stack, self.moe_intermediate_size)
        else:
            yield from self._mlp(path, (), self.intermediate_size)

    def _layer_norms(self, layer: int) -> dict[str, int]:
        path = f"model.layers.{layer}"
        return {
            f"{path}.input_layernorm": self.hidden_size,
            f"{path}.post_attention_layernorm": self.hidden_size,
            f"{path}.self_attn.q_norm": self.head_dim,
            f"{path}.self_attn.k_norm": self.head_dim,
        }

    def _attention(self, path: str) -> Iterator[Module]:
        heads = self.num_attention_heads * self.head_dim
        kv_heads = self.num_key_value_heads * self.head_dim
        yield Module(f"{path}.q_proj", (heads, self.hidden_size))
        yield Module(f"{path}.k_proj", (kv_heads, self.hidden_size))
        yield Module(f"{path}.v_proj", (kv_heads, self.hidden_size))
        yield Module(f"{path}.o_proj", (self.hidden_size, heads))

    def _mlp(self, path: str, stack: tuple[int, ...], inner: int) -> Iterator[Module]:
        yield Module(f"{path}.gate_proj", (*stack, inner, self.hidden_size))
        yield Module(f"{path}.up_proj", (*stack, inner, self.hidden_size))
        yield Module(f"{path}.down_proj", (*stack, self.hidden_size, inner))

    def with_options(self, options: LoadOptions) -> ModelConfig:
        """Return this configuration with a user's load options applied."""
        config = self
        if options.quantize is not None:
            if self.published is None or self.published.method != "fp8":
                raise InvalidRequestError(
                    "quantize is for FP8 checkpoints: convert this one with `qwen3mlx quantize`.",
                    param="quantize",
                )
            published = self.published._replace(load_bits=options.quantize)
            config = config._replace(published=published)
        if options.kv_bits is not None and self.head_dim % 32:
            raise InvalidRequestError(
                f"kv_bits requires a head_dim that is a multiple of 32; this model's is "
                f"{self.head_dim}.",
                param="kv_bits",
            )
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
            if rope.kind not in ("yarn", "default"):
                raise InvalidRequestError(
                    f"rope_scaling of type {quoted(rope.kind)} cannot be chosen; use yarn.",
                    param="rope_scaling",
                )
            scaled = int(rope.factor * rope.original_max_position_embeddings)
            positions = max(self.max_position_embeddings, scaled)
            config = config._replace(rope=rope, max_position_embeddings=positions)
        if options.context_length is not None:
            config = config._replace(max_position_embeddings=options.context_length)
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
                f"a context of {quoted(options.context_length)} tokens exceeds the {limit} "
                "positions this model supports; ask for less, or enable YaRN with rope_scaling "
                '{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": '
                f"{min(self.max_position_embeddings, 32_768)}}}.",
                param="context_length",
            )


def read_checkpoint(folder: Path) -> tuple[ModelConfig, dict[str, TensorInfo]]:
    """Read config.json and the tensors' headers, and nothing else. Raises CheckpointError."""
    config, infos = ModelConfig.from_folder(folder), read_infos(folder)
    return config.fitting(infos), infos


def _without_nulls(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what config.json says; a null leaves a key open, as if it were not there.

    In a dense model, a `num_key_value_heads` of null is the number of heads.
    """
    values = {key: value for key, value in raw.items() if value is not None}
    if "num_key_value_heads" in raw and raw.get("model_type") == "qwen3":
        values.setdefault("num_key_value_heads", values.get("num_attention_heads"))
    return values


def _refuse_unsupported(raw: Mapping[str, Any], source: str) -> None:
    """Reject settings of transformers' Qwen3 that change the result; no released checkpoint uses
    them.
    """
    expected: dict[str, Any] = {
        "attention_bias": False,
        "use_sliding_window": False,
        "hidden_act": "silu",
        "is_causal": True,
        "partial_rotary_factor": 1,
    }
    for key, value in expected.items():
        if raw.get(key, value) != value:
            raise CheckpointError(
                f"{source} sets {key} to {quoted(raw[key])}; only {quoted(value)} is supported."
            )
    layer_types = raw.get("layer_types") or []
    if not isinstance(layer_types, list) or any(kind != "full_attention" for kind in layer_types):
        raise CheckpointError(f"{source} has layer_types other than 'full_attention'.")


def _quantization(raw: Mapping[str, Any], source: str) -> dict[str, Any]:
    quantization = raw.get("quantization") or raw.get("quantization_config")
    if isinstance(quantization, Mapping) and "quant_method" in quantization:
        return {"published": PublishedQuantization.from_mapping(quantization, source)}
    if not quantization:
        return {}
    return {"quantization": QuantizationConfig.from_mapping(quantization, source)}


def _dense_fields(reader: ConfigReader) -> dict[str, Any]:
    return {
        "num_key_value_heads": reader.integer("num_key_value_heads", 32),
        "head_dim": reader.integer("head_dim", 128),
    }


def _moe_fields(reader: ConfigReader) -> dict[str, Any]:
    """Read the MoE keys; `num_local_experts` is transformers 5's spelling of `num_experts`."""
    head_dim = reader.integer("hidden_size") // reader.integer("num_attention_heads")
    experts = "num_local_experts" if "num_local_experts" in reader.raw else "num_experts"
    return {
        "num_key_value_heads": reader.integer("num_key_value_heads", 4),
        "head_dim": reader.integer("head_dim", head_dim),
        "num_experts": reader.integer(experts),
        "num_experts_per_tok": reader.integer("num_experts_per_tok", 8),
        "moe_intermediate_size": reader.integer("moe_intermediate_size"),
        "decoder_sparse_step": reader.integer("decoder_sparse_step", 1),
        "mlp_only_layers": reader.integers("mlp_only_layers"),
        "norm_topk_prob": reader.flag("norm_topk_prob"),
    }


def _rope(raw: Mapping[str, Any], max_positions: int, source: str) -> RopeConfig:
    """Read both spellings. `rope_scaling` wins, as in transformers 5: model cards tell users to add
    it.
    """
    parameters = raw.get("rope_parameters")
    theta = raw.get("rope_theta")
    if theta is None and isinstance(parameters, Mapping):
        theta = parameters.get("rope_theta")
    return RopeConfig.from_mapping(
        raw.get("rope_scaling") or parameters,
        theta=10_000.0 if theta is None else theta,
        max_positions=max_positions,
        source=source,
    )
