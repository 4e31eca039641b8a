"""Checkpoints that embed and rerank, made of the demo: their names and files say what they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from qwen3mlx.library import DEMOS

END = "<|endoftext|>"
CONTEXT = 1024


def write_reranker(folder: Path) -> Path:
    """Its vocabulary has `yes` and `no`, and so it judges, though not well."""
    return _copy(folder / "demo-reranker")


def write_embedding(folder: Path, *, end: str | None = END) -> Path:
    """Its tokenizer adds `end` as that of Qwen3-Embedding does."""
    copy = _copy(folder / "demo-embedding")
    if end is not None:
        path = copy / "tokenizer.json"
        content = json.loads(path.read_text("utf-8"))
        template = {
            "type": "TemplateProcessing",
            "single": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": end, "type_id": 0}},
            ],
            "pair": [],
            "special_tokens": {},
        }
        content["post_processor"] = {
            "type": "Sequence",
            "processors": [content["post_processor"], template],
        }
        path.write_text(json.dumps(content), "utf-8")
    return copy


def _copy(folder: Path) -> Path:
    shutil.copytree(DEMOS["demo"], folder)
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**config, "max_position_embeddings": CONTEXT}), "utf-8")
    return folder
