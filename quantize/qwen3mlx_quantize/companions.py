"""The files beside the weights: copies of tokenizer and settings; config, index and manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwen3mlx import __version__ as VERSION
from qwen3mlx.config import INDEX_NAME

from .card import MLX_VERSION
from .conversion import Conversion
from .plan import Plan
from .source import FloatSource
from .staging import JOURNAL, MANIFEST

_WRITTEN = {"config.json", "README.md", INDEX_NAME, MANIFEST}


def copy_companions(source: FloatSource, plan: Plan, folder: Path) -> None:
    """Copy the source's other files byte for byte, and write config.json and the index."""
    for name, content in _copied(source).items():
        if isinstance(content, Path):
            shutil.copyfile(content, folder / name)
        else:
            (folder / name).write_text(content, encoding="utf-8")
    _write_json(folder / "config.json", _config(source, plan))
    _write_json(folder / INDEX_NAME, _index(plan))


def companion_names(source: FloatSource) -> list[str]:
    """Return the names of all files that are written beside the weights."""
    return sorted({*_WRITTEN, *_copied(source)})


def write_manifest(
    folder: Path, conversion: Conversion[FloatSource], verified: Mapping[str, str]
) -> None:
    """Write size and SHA-256 of every file; `verified` has the hashes of the weights' files."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name not in (MANIFEST, JOURNAL):
            digest = verified.get(path.name) or hashlib.sha256(path.read_bytes()).hexdigest()
            files[path.name] = {"size": path.stat().st_size, "sha256": digest}
    calibration = conversion.calibration
    manifest = {
        "format": 1,
        "recipe": conversion.plan.recipe.name,
        "method": conversion.method,
        "qwen3mlx": VERSION,
        "mlx": MLX_VERSION,
        "files": files,
    }
    if calibration is not None:
        manifest["calibration"] = {
            "text": calibration.name,
            "documents": sorted(calibration.digests),
        }
    _write_json(folder / MANIFEST, manifest)


def _copied(source: FloatSource) -> dict[str, Path | str]:
    found = source.companions().items()
    return {name: content for name, content in found if name not in _WRITTEN}


def _config(source: FloatSource, plan: Plan) -> dict[str, Any]:
    config = dict(source.raw_config)
    for key in ("quantization", "quantization_config"):
        config.pop(key, None)
    if source.config.kind == "embedding":  # also where only the source's tensors tell it
        config["architectures"] = [f"Qwen3{'Moe' if source.config.num_experts else ''}Model"]
    if bool(config.get("tie_word_embeddings")) != source.config.tie_word_embeddings:
        config["tie_word_embeddings"] = source.config.tie_word_embeddings
    if (entry := plan.quantization()) is not None:
        config |= {"quantization": entry, "quantization_config": entry}
    return dict(sorted(config.items()))


def _index(plan: Plan) -> dict[str, Any]:
    places = {t.name: s.name for s in plan.shards for step in s.steps for t in step.tensors}
    size = sum(step.nbytes for step in plan.steps)
    metadata = {"total_size": size, "total_parameters": plan.num_weights}
    return {"metadata": metadata, "weight_map": dict(sorted(places.items()))}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
