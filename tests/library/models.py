"""Checkpoints as the library sees them: complete files without weights."""

from __future__ import annotations

import json
from pathlib import Path

from qwen3mlx.library import DEMOS, Library

CONFIG = json.loads((DEMOS["demo"] / "config.json").read_text("utf-8"))
COMMIT = "c" * 40


def write_model(folder: Path, *, shards: int = 1, **changes: object) -> Path:
    """Write the files the library reads; tokenizer and weights only need to be complete."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes), "utf-8")
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    names = [f"model-{i}.safetensors" for i in range(shards)]
    for i, name in enumerate(names):
        (folder / name).write_bytes(shard(f"layer.{i}"))
    if shards > 1:
        index = {"weight_map": {f"layer.{i}": name for i, name in enumerate(names)}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    return folder


def shard(tensor: str, num_bytes: int = 1000) -> bytes:
    """Write a safetensors file of that size, with one tensor that fills it."""
    room = num_bytes - 8 - 80
    entry = {tensor: {"dtype": "U8", "shape": [room], "data_offsets": [0, room]}}
    return (80).to_bytes(8, "little") + json.dumps(entry).encode().ljust(80) + b"\0" * room


def cached(home: Path, repo_id: str, *, shards: int = 1, **changes: object) -> Path:
    repository = home / "hub" / f"models--{repo_id.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return write_model(repository / "snapshots" / COMMIT, shards=shards, **changes)


def ids(library: Library) -> list[str]:
    return [model.id for model in library.installed()]


def skipped(library: Library) -> dict[str, str]:
    return dict(library.scan().skipped)
