"""adapter_config.json: a LoRA or DoRA adapter as PEFT or mlx-lm saves it, and its tensors' names.

PEFT has `lora_A.weight` [rank, in] and `lora_B.weight` [out, rank] for each matrix; mlx-lm has
`lora_a` [in, rank] and `lora_b` [rank, out], for experts [experts, rank, in] and [.., out, rank].
Fields that only training reads are ignored; which matrices are adapted, the tensors say.
https://huggingface.co/docs/peft/package_reference/lora, mlx_lm/tuner/utils.py
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import CheckpointError
from ..quoting import quoted
from .json_file import number, read_json
from .model_files import ADAPTER_CONFIG
from .tensor_headers import TensorInfo, read_header

WEIGHTS = {"peft": "adapter_model.safetensors", "mlx-lm": "adapters.safetensors"}

Form = Literal["peft", "mlx-lm"]
Part = Literal["a", "b", "magnitude"]

_PEFT_NAME = re.compile(
    r"base_model\.model\.(.+)\.(lora_A\.weight|lora_B\.weight|lora_magnitude_vector(?:\.weight)?)"
)
_MLX_NAME = re.compile(r"(.+)\.(lora_a|lora_b|m)")
# PEFT saves the base's head beside an adapter of it; training leaves it as it is.
_HEAD = "base_model.model.lm_head.base_layer.weight"
_PARTS: dict[str, Part] = {
    "lora_A.weight": "a",
    "lora_B.weight": "b",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude_vector.weight": "magnitude",
    "lora_a": "a",
    "lora_b": "b",
    "m": "magnitude",
}
# PEFT's fields that change what is computed in ways that are not supported.
_REFUSED = (
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "modules_to_save",
    "monteclora_config",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_qalora",
)
# How PEFT started the training; any other way changes the base's matrices, too.
_STARTS = (True, False, None, "gaussian", "eva", "orthogonal")
_NAME = re.compile(r"\^?[\w.]+")
_LONGEST, _MOST_NAMES = 300, 100_000


class AdapterConfig(NamedTuple):
    """`base` is the model that the adapter was trained on, as its file says it.

    `ranks` and `alphas` are those of modules that differ. `scale` is mlx-lm's factor; PEFT's comes
    from alpha and rank, or the rank's root (rsLoRA).
    """

    folder: Path
    form: Form
    base: str | None
    is_dora: bool
    rank: int
    ranks: Mapping[str, float]
    alpha: float
    alphas: Mapping[str, float]
    is_rslora: bool
    scale: float | None

    @classmethod
    def from_folder(cls, folder: Path) -> AdapterConfig:
        """Read adapter_config.json. Raises CheckpointError for what is not supported, too."""
        path = folder / ADAPTER_CONFIG
        raw = read_json(path)
        if "peft_type" in raw:
            return _peft(folder, raw, str(path))
        if "fine_tune_type" in raw or "lora_parameters" in raw:
            return _mlx(folder, raw, str(path))
        raise CheckpointError(f"{path} is neither PEFT's nor mlx-lm's: it has no peft_type.")

    @property
    def weights(self) -> Path:
        return self.folder / WEIGHTS[self.form]

    def read_infos(self) -> dict[tuple[str, Part], TensorInfo]:
        """Read the tensors' header: infos by module, as the file names it, and part.

        Raises CheckpointError for a pickle and for a tensor that is no part of an adapter.
        """
        if not self.weights.exists():
            pickles = [*self.folder.glob("*.bin"), *self.folder.glob("*.pt")]
            if pickles:
                raise CheckpointError(
                    f"{pickles[0]} is a pickle, which can run code, so it is not loaded; save the "
                    f"adapter as {self.weights.name}."
                )
            raise CheckpointError(f"{self.weights} is missing; copy the adapter again.")
        infos: dict[tuple[str, Part], TensorInfo] = {}
        pattern = _PEFT_NAME if self.form == "peft" else _MLX_NAME
        for name, info in read_header(self.weights).items():
            if name == _HEAD:
                continue
            found = pattern.fullmatch(name)
            if found is None or info.dtype not in ("F32", "F16", "BF16"):
                raise CheckpointError(
                    f"{self.weights} holds {quoted(name)} in {info.dtype}, which is no part of a "
                    "LoRA of a Qwen3's matrices; merge the adapter where it was trained."
                )
            infos[found[1], _PARTS[found[2]]] = info
        if not infos:
            raise CheckpointError(f"{self.weights} holds no LoRA; save the adapter again.")
        return infos

    def rank_of(self, module: str) -> float:
        """Return the rank that the configuration says for a module, as the file names it."""
        return _matching(self.ranks, module, self.rank)

    def scale_of(self, module: str) -> float:
        """Return the factor of the product of a module's two matrices."""
        if self.scale is not None:
            return self.scale
        rank = self.rank_of(module)
        alpha = _matching(self.alphas, module, self.alpha)
        return alpha / (math.sqrt(rank) if self.is_rslora else rank)


def base_of(folder: Path) -> str | None:
    """Return the model that an adapter was trained on, as its file says it."""
    raw = read_json(folder / ADAPTER_CONFIG)
    return _text(raw.get("base_model_name_or_path", raw.get("model")))


def _peft(folder: Path, raw: Mapping[str, Any], source: str) -> AdapterConfig:
    if raw["peft_type"] != "LORA":
        raise CheckpointError(
            f"{source} has peft_type {quoted(raw['peft_type'])}; only LORA is supported: merge the "
            "adapter with PEFT."
        )
    for name in _REFUSED:
        if raw.get(name):
            raise CheckpointError(
                f"{source} sets {name} to {quoted(raw[name])}, which is not supported: merge the "
                "adapter with PEFT."
            )
    start = raw.get("init_lora_weights", True)
    if start not in _STARTS:
        raise CheckpointError(
            f"{source} has init_lora_weights {quoted(start)}, which changes the base, too: save "
            "it with PEFT's path_initial_model_for_weight_conversion."
        )
    return AdapterConfig(
        folder=folder,
        form="peft",
        base=_text(raw.get("base_model_name_or_path")),
        is_dora=_flag(raw, "use_dora", source),
        rank=_rank(raw.get("r"), f"{source} r"),
        ranks=_by_module(raw, "rank_pattern", source),
        alpha=number(raw.get("lora_alpha"), f"{source} lora_alpha"),
        alphas=_by_module(raw, "alpha_pattern", source),
        is_rslora=_flag(raw, "use_rslora", source),
        scale=None,
    )


def _mlx(folder: Path, raw: Mapping[str, Any], source: str) -> AdapterConfig:
    kind = raw.get("fine_tune_type", "lora")
    if kind not in ("lora", "dora"):
        raise CheckpointError(
            f"{source} has fine_tune_type {quoted(kind)}; only lora and dora are adapters: fuse it "
            "with mlx_lm.fuse."
        )
    parameters = raw.get("lora_parameters")
    if not isinstance(parameters, Mapping):
        raise CheckpointError(f"{source} has no lora_parameters; copy the adapter again.")
    return AdapterConfig(
        folder=folder,
        form="mlx-lm",
        base=_text(raw.get("model")),
        is_dora=kind == "dora",
        rank=_rank(parameters.get("rank"), f"{source} rank"),
        ranks={},
        alpha=0.0,
        alphas={},
        is_rslora=False,
        scale=number(parameters.get("scale"), f"{source} scale"),
    )


def _text(value: Any) -> str | None:
    is_name = isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST
    return value if is_name else None


def _flag(raw: Mapping[str, Any], key: str, source: str) -> bool:
    value = raw.get(key) or False
    if not isinstance(value, bool):
        raise CheckpointError(f"{source} has {key} {quoted(value)}; it must be true or false.")
    return value


def _rank(value: Any, name: str) -> int:
    if type(value) is not int or not 0 < value < 2**31:
        raise CheckpointError(f"{name} is {quoted(value)}; it must be a positive integer.")
    return value


def _by_module(raw: Mapping[str, Any], key: str, source: str) -> dict[str, float]:
    """Read numbers by the ends of modules' names; PEFT takes any regular expression there."""
    values = {} if raw.get(key) is None else raw[key]
    if not isinstance(values, Mapping) or len(values) > _MOST_NAMES:
        raise CheckpointError(f"{source} has {key} {quoted(values)}; it must be an object.")
    for name in values:
        if not _NAME.fullmatch(name):
            raise CheckpointError(
                f"{source} has {quoted(name)} in {key}; only names of modules are supported: merge "
                "the adapter with PEFT."
            )
    return {name: number(value, f"{source} {key}", above=0) for name, value in values.items()}


def _matching(values: Mapping[str, float], module: str, otherwise: float) -> float:
    """Return the value of the first name that is the module's, or the end of it."""
    for name, value in values.items():
        if module == name.removeprefix("^") or module.endswith(f".{name}"):
            return value
    return otherwise
