"""LoRA adapters on this computer. Imported where one is found or asked for.

With an adapter, a model is called BASE+ADAPTER: the adapter by its folder's or repository's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..config.adapter import AdapterConfig, base_of
from ..errors import CheckpointError, ModelNotFoundError
from ..quoting import quoted
from . import spelling
from .family import repositories
from .local_model import LocalAdapter, LocalModel

# What others append to a model's name for the form in which they trained on it.
_FORMS = re.compile(r"(?:-(?:unsloth|bnb|mlx|awq|gptq|dwq|int[48]|fp8|bf16|fp16|[2-8]bit))+$")
_NUM_LISTED = 10


def read_local_adapter(name: str, path: Path) -> LocalAdapter:
    """Describe the adapter in `path`. Raises CheckpointError, which says why it cannot be used."""
    if not name.isprintable():
        raise CheckpointError(
            f"The path {path} cannot be used as a name in requests: rename the folder."
        )
    config = AdapterConfig.from_folder(path)
    config.read_infos()
    status = config.weights.stat()
    return LocalAdapter(name, path, config.base, status.st_size, status.st_mtime)


def with_adapter(base: LocalModel, adapter: LocalAdapter) -> LocalModel:
    """Return the model that `base` is with the adapter."""
    return replace(
        base,
        id=f"{base.id}+{adapter.name}",
        source="folder",
        size_bytes=adapter.size_bytes,
        modified=adapter.modified,
        base=base,
        adapter=adapter.path,
    )


def pairs(models: Sequence[LocalModel], adapters: Iterable[LocalAdapter]) -> Iterator[LocalModel]:
    """Yield each adapter with each of the models that it was made for, in any quantization."""
    for adapter in adapters:
        if adapter.base is not None:
            yield from (with_adapter(m, adapter) for m in models if _is_base(m, adapter.base))


def _is_base(model: LocalModel, wanted: str) -> bool:
    if wanted.casefold() in (model.id.casefold(), str(model.path).casefold()):
        return True
    known = repositories().get(model.id.casefold())
    return known is not None and known[0].name == _member(wanted)


def _member(name: str) -> str | None:
    """Return the name of the family's model that a repository is a form of; None if of none."""
    if (known := repositories().get(name.casefold())) is not None:
        return known[0].name
    spelled = spelling.read(_FORMS.sub("", name.casefold().rpartition("/")[2]))
    return None if spelled is None else spelled.member.name


def named(name: str, adapters: Sequence[LocalAdapter]) -> LocalAdapter:
    """Return the adapter of this name, or with it after its publisher's. Raises
    ModelNotFoundError.
    """
    wanted = name.casefold()
    for adapter in adapters:
        known = adapter.name.casefold()
        if wanted in (known, known.rpartition("/")[2]):
            return adapter
    there = ", ".join(adapter.name for adapter in adapters[:_NUM_LISTED]) or "none"
    raise ModelNotFoundError(
        f"There is no adapter {quoted(name)} on this computer; there are: {there}."
    )


def alone(folder: Path) -> str:
    """Say which base an adapter wants, for whoever takes it for a model. Raises CheckpointError."""
    base = base_of(folder)
    made_for = f" made for {base}" if base else ""
    model = (base and _member(base)) or "MODEL"
    return (
        f"{folder} is an adapter{made_for}, not a model: run it with `qwen3mlx run {model} "
        f"--adapter {folder}`."
    )
