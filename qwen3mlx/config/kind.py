"""What a checkpoint computes from a text: the next token, a vector, or scores of labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ..errors import CheckpointError
from ..quoting import quoted
from .json_file import parse_json
from .model_files import LARGEST_PAGE, model_text

# causal: a language model, as for chats; embedding: no head; classifier: a `score` matrix instead.
Kind = Literal["causal", "embedding", "classifier"]

_ENDINGS: dict[str, Kind] = {
    "ForCausalLM": "causal",
    "Model": "embedding",
    "ForSequenceClassification": "classifier",
}
_CLASSES = {
    f"{family}{ending}": kind
    for family in ("Qwen3", "Qwen3Moe")
    for ending, kind in _ENDINGS.items()
}
_MOST_LABELS = 4096
# For errors: "this is ...".
KINDS: dict[Kind, str] = {
    "causal": "a language model",
    "embedding": "an embedding model",
    "classifier": "a classifier",
}


def kind_of(raw: Mapping[str, Any], source: str) -> Kind:
    """Return what transformers' class in `architectures` computes. Raises CheckpointError."""
    architectures = raw.get("architectures") or ["Qwen3ForCausalLM"]
    name = architectures[0] if isinstance(architectures, list) else architectures
    if not isinstance(name, str) or name not in _CLASSES:
        raise CheckpointError(
            f"{source} has the architecture {quoted(name)}; those supported are "
            f"{', '.join(_CLASSES)}."
        )
    return _CLASSES[name]


def labels_of(raw: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """Return a classifier's labels, in the order of its scores; transformers' default is two."""
    labels = raw.get("id2label")
    if labels is None and _is_count(raw.get("num_labels", 2)):
        labels = {str(i): f"LABEL_{i}" for i in range(raw.get("num_labels", 2))}
    if not isinstance(labels, Mapping) or not _is_count(len(labels)):
        labels = {}
    ids = [str(i) for i in range(len(labels))]
    if not ids or set(labels) != set(ids):
        raise CheckpointError(
            f"{source} has id2label {quoted(raw.get('id2label'))} and num_labels "
            f"{quoted(raw.get('num_labels'))}; they must name labels 0 to at most "
            f"{_MOST_LABELS - 1}."
        )
    return tuple(str(labels[i]) for i in ids)


def pools(folder: Path) -> bool:
    """Return whether sentence-transformers' `modules.json` says that this is an embedding model."""
    path = folder / "modules.json"
    if not path.exists():
        return False
    try:
        modules = parse_json(model_text(path, largest=LARGEST_PAGE))
    except ValueError:
        raise CheckpointError(f"{path} is not JSON; download the model again.") from None
    entries = modules if isinstance(modules, list) else []
    types = [each.get("type") for each in entries if isinstance(each, Mapping)]
    return any(isinstance(name, str) and name.endswith(".Pooling") for name in types)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= _MOST_LABELS
