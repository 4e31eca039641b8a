"""What a model is for, and one line for those who ask it for something else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..config import ModelConfig
from ..config.hub_layout import repo_id_of, repository_of
from ..errors import InvalidRequestError
from .names import is_base

Kind = Literal["chat", "base", "embedding", "reranker"]
Use = Literal["answer", "embed", "rerank"]

_NOUNS: dict[Kind, str] = {
    "chat": "a chat model",
    "base": "a base model",
    "embedding": "an embedding model",
    "reranker": "a reranker",
}
# What has no head is taken for an embedding model; trainers also leave out one that is tied.
_HEADLESS = (
    ", or, if it is one that was saved without lm_head, set tie_word_embeddings to true in its "
    "config.json"
)
# Use -> what it is called, who can do it, and which model to take.
_USES: dict[Use, tuple[str, tuple[Kind, ...], str]] = {
    "answer": ("write answers", ("chat", "base"), "qwen3:4b"),
    "embed": ("make embeddings", ("embedding", "chat", "base"), "qwen3-embedding:0.6b"),
    "rerank": ("rerank", ("reranker",), "qwen3-reranker:0.6b"),
}


def kind_of(model_id: str, folder: Path, config: ModelConfig) -> Kind:
    """Return what the checkpoint in `folder` is for, as its configuration and its names say."""
    repository = repository_of(folder)
    published = repo_id_of(repository.name) if repository is not None else folder.name
    names = f"{model_id} {published}".casefold()
    if config.kind == "classifier" or "rerank" in names:
        return "reranker"
    if config.kind == "embedding" or "embedding" in names:
        return "embedding"
    return "base" if is_base(model_id) else "chat"


def check_use(kind: Kind, use: Use, *, name: str) -> None:
    """Raise InvalidRequestError if a model of this kind cannot be used so."""
    what, able, instead = _USES[use]
    if kind not in able:
        headless = kind == "embedding" and use == "answer" and "embed" not in name.casefold()
        raise InvalidRequestError(
            f"{name} is {_NOUNS[kind]}, which cannot {what}: take {_NOUNS[able[0]]}, such as "
            f"{instead}{_HEADLESS if headless else ''}.",
            param="model",
        )
