"""What cannot run is refused before its weights are downloaded, with what to take instead."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..config import ModelConfig, read_json
from ..config.json_file import LARGEST_JSON
from ..config.model import MODEL_TYPES
from ..errors import CheckpointError
from ..library.cache import missing_parts
from ..quoting import quoted
from .errors import explain

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_VISION = ("vision_config", "visual", "vision_start_token_id")


def check_files(repo_id: str, names: Collection[str]) -> None:
    """Raise CheckpointError unless these files of a repository make a checkpoint."""
    if not any(name.endswith(".safetensors") for name in names):
        has = "no weights"
        if any(name.endswith(_PICKLES) for name in names):
            has = "its weights as pickles only, which can run code"
        if any(name.endswith(".gguf") for name in names):
            has = "its weights as GGUF only, which `qwen3mlx import` takes as files"
        raise CheckpointError(f"{repo_id} has {has}, and no safetensors: take {_instead(repo_id)}.")
    if lacking := missing_parts(names):
        raise CheckpointError(
            f"{repo_id} has no {lacking[0]}, which qwen3mlx needs: take {_instead(repo_id)}."
        )


def check_config(repo_id: str, raw: Mapping[str, Any]) -> None:
    """Raise CheckpointError if config.json, parsed, says that the model cannot run."""
    source = f"config.json of {repo_id}"
    if raw.get("model_type") not in MODEL_TYPES:
        kind = "a vision model" if any(key in raw for key in _VISION) else "of another family"
        raise CheckpointError(
            f"{repo_id} is {kind} ({quoted(raw.get('model_type'))}), and qwen3mlx runs Qwen3's "
            f"text models: take {_instead(repo_id)}."
        )
    try:
        ModelConfig.from_mapping(raw, source=source)
    except CheckpointError as error:
        raise CheckpointError(f"{str(error).rstrip('.')}; take {_instead(repo_id)}.") from None


def check_size(repo_id: str, num_bytes: int) -> None:
    """Raise CheckpointError for a config.json of more bytes than any has."""
    if num_bytes > LARGEST_JSON:
        raise CheckpointError(f"{repo_id} has a config.json of {num_bytes / 1e6:,.0f} MB.")


def hugging_face_config(repo_id: str, commit: str | None) -> dict[str, Any]:
    """Read config.json from the cache, or else from the hub, without leaving it in the cache."""
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(repo_id, "config.json", revision=commit)
    if isinstance(cached, str):
        return read_json(Path(cached))
    with tempfile.TemporaryDirectory(prefix="qwen3mlx-config-") as folder:
        try:
            path = hf_hub_download(
                repo_id, "config.json", revision=commit, local_dir=folder, tqdm_class=_NoBar
            )
        except Exception as error:
            raise explain(error, repo_id) from error
        return read_json(Path(path))


def _instead(repo_id: str) -> str:
    from ..library.refusals import instead

    return instead(repo_id)


class _NoBar:
    """The parts of `tqdm` that `hf_hub_download` uses."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.n = 0
        self.total = kwargs.get("total")

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def update(self, n: float | None = 1) -> None:
        return None

    refresh = close = set_description = update
