"""A checkpoint on this computer, described by its small files and the headers of its weights."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ..config.json_file import read_json
from ..config.model import MODEL_TYPES, ModelConfig
from ..config.model_files import open_model_file
from ..config.tensor_headers import read_infos
from ..config.weight_index import missing_shard
from ..errors import CheckpointError
from .cache import complete_files, missing_of
from .uses import Kind, kind_of

_SURROGATE = re.compile("[\ud800-\udfff]")

# Bytes of a text file, which may end with line breaks.
_END_BYTES = 64

Source = Literal["demo", "cache", "folder"]


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A loadable checkpoint, described by its small files and the headers of its weights.

    `source` is the program itself, the Hugging Face cache, or a user's folder. `size_bytes` counts
    all files of the folder, `bits_per_weight` only its tensors.
    """

    id: str
    path: Path
    source: Source
    size_bytes: int
    modified: float  # seconds since the epoch
    arch: str  # qwen3 | qwen3_moe
    quantization: str | None  # "4bit", "mxfp4"; None: not quantized
    bits_per_weight: float
    params: str  # "0.6B", "30B-A3B"
    publisher: str  # the id's first part, or "local"
    max_context_length: int
    kind: Kind
    # A model with an adapter: `path` and most of the rest are its base's.
    base: LocalModel | None = None
    adapter: Path | None = None

    @property
    def options_id(self) -> str:
        """The id under which its load options are saved: with an adapter, they are the base's."""
        return self.id if self.base is None else self.base.id

    @property
    def is_chat(self) -> bool:
        return self.kind == "chat"

    @property
    def is_embedding(self) -> bool:
        return self.kind == "embedding"


class LocalAdapter(NamedTuple):
    """A LoRA adapter on this computer; `base` is the model that its file says it was made for."""

    name: str
    path: Path
    base: str | None
    size_bytes: int
    modified: float  # seconds since the epoch


class OtherFamilyError(CheckpointError):
    """The model is not a Qwen3, but of the `family` that config.json names."""

    def __init__(self, message: str, family: object) -> None:
        super().__init__(message)
        self.family = family if isinstance(family, str) and family else "unknown"


def read_local_model(model_id: str, path: Path, source: Source) -> LocalModel:
    """Describe the folder `path`. Raises CheckpointError, which says why it cannot be loaded."""
    # JSON cannot hold control characters or bytes that are not UTF-8.
    if not model_id.isprintable() or _SURROGATE.search(str(path)):
        raise CheckpointError(
            f"The path {path} cannot be used as a name in requests: rename the folder."
        )
    try:
        config = ModelConfig.from_folder(path)
    except CheckpointError as error:
        raw = read_json(path / "config.json")
        family = raw.get("model_type")
        raise error if family in MODEL_TYPES else OtherFamilyError(str(error), family) from None
    files = complete_files(path)
    if missing := missing_of(set(files), path):
        if missing[0] != "*.safetensors" and missing[0].endswith(".safetensors"):
            raise CheckpointError(missing_shard(path, missing[0]))
        raise CheckpointError(f"{path} has no {missing[0]}: download or copy the model again.")
    if "tokenizer.json" in files:  # vocab.json and merges.txt replace it
        _check_whole(path / "tokenizer.json")
    infos = read_infos(path)
    config = config.fitting(infos)
    num_bytes = sum(info.nbytes for info in infos.values())
    return LocalModel(
        id=model_id,
        path=path,
        source=source,
        size_bytes=sum(each.st_size for each in files.values() if stat.S_ISREG(each.st_mode)),
        modified=path.stat().st_mtime,
        arch=config.model_type,
        quantization=_quantization(config),
        bits_per_weight=round(8 * num_bytes / config.num_parameters, 3),
        params=params_string(config),
        publisher=model_id.split("/")[0] if "/" in model_id else "local",
        max_context_length=config.max_position_embeddings,
        kind=kind_of(model_id, path, config),
    )


def _check_whole(tokenizer: Path) -> None:
    """Check only that the end of the file is there: reading it all takes half a second."""
    with open_model_file(tokenizer) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _END_BYTES))
        if not file.read(_END_BYTES).rstrip().endswith(b"}"):
            raise CheckpointError(f"{tokenizer} is truncated: download or copy the model again.")


def params_string(config: ModelConfig) -> str:
    """Return the size in Qwen's notation: `0.6B`, `8B`, `30B-A3B` (A: active per token)."""
    if not config.num_experts:
        return _count(config.num_parameters)
    expert = 3 * config.hidden_size * config.moe_intermediate_size
    idle = config.num_sparse_layers * (config.num_experts - config.num_experts_per_tok) * expert
    return f"{_count(config.num_parameters)}-A{_count(config.num_parameters - idle)}"


def _count(parameters: int) -> str:
    for unit, size in (("B", 1e9), ("M", 1e6)):
        if parameters >= size / 2:
            # Qwen truncates to whole billions: 14.8 billion parameters are a 14B.
            whole = parameters >= 3 * size
            return f"{int(parameters / size) if whole else round(parameters / size, 1)}{unit}"
    return f"{parameters // 1000}K"


def _quantization(config: ModelConfig) -> str | None:
    if config.published is not None:
        return config.published.label
    if config.quantization is None:
        return None
    spec = config.quantization.default
    return f"{spec.bits}bit" if spec.mode == "affine" else spec.mode
