"""GGUF files of other programs, which `qwen3mlx import` turns into models.

Ollama keeps a manifest for each name and the files as blobs; LM Studio, llama.cpp and the Hugging
Face cache keep them under their own names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..config.gguf_header import (
    ARCHITECTURES,
    is_later_shard,
    plain_stem,
    read_gguf_facts,
    shards_of,
)
from ..config.json_file import read_json
from ..errors import CheckpointError, ModelNotFoundError
from ..quoting import printable, quoted, shortened
from ..settings.state import expanded, user_home
from .cache import entries, hub_cache
from .folders import known_folders, mine
from .names import plain

OLLAMA = "ollama:"
_MODEL = "image.model"
_EXTRA = {"image.adapter": "an adapter", "image.projector": "a projector for images"}
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_QUANTIZATION = re.compile(r"(?i)(?<![a-z0-9])(I?Q\d\w*|MXFP4\w*|B?F16|F32)(?![a-z0-9])")
_HOST, _NAMESPACE = "registry.ollama.ai", "library"
# Folders below a model folder in which files can be: publisher/model/part.
_DEPTH = 4
# Of a repository's other files.
_NOT_MODELS = ("mmproj", "adapter", "imatrix")


class GgufFile(NamedTuple):
    """A Qwen3 in a GGUF file that can be imported.

    `name` is what `qwen3mlx import` takes. `quantization` is what it says, if anything.
    """

    name: str
    path: Path
    size_bytes: int
    modified: float  # seconds since the epoch
    quantization: str | None
    context_length: int


class OtherGguf(NamedTuple):
    """A GGUF file that is no Qwen3: its `family`, as the file names it."""

    name: str
    family: str


def gguf_files() -> tuple[list[GgufFile], list[OtherGguf]]:
    """Return the files that can be imported, and those of other families. Broken ones are left
    out: an import says what is wrong.
    """
    found: list[GgufFile] = []
    others: list[OtherGguf] = []
    for name, path in _candidates():
        try:
            facts = read_gguf_facts(path)
            parts = [part.stat() for part in shards_of(path)]
        except (CheckpointError, OSError):
            continue
        family = facts.get("general.architecture")
        if facts.get("general.type", "model") != "model":
            continue
        if family not in ARCHITECTURES:
            others.append(OtherGguf(printable(name), shortened(printable(str(family)), 40)))
            continue
        context = facts.get(f"{family}.context_length")
        size = sum(part.st_size for part in parts)
        kind = _QUANTIZATION.search(name)
        found.append(
            GgufFile(
                name,
                path,
                size,
                parts[0].st_mtime,
                kind[1] if kind else None,
                context if type(context) is int else 0,
            )
        )
    return found, others


def find_gguf(name: str) -> Path:
    """Return the file that `name` means: a path, or `ollama:NAME`. Raises ModelNotFoundError, and
    CheckpointError for an Ollama model that is more than one file.
    """
    if not name.casefold().startswith(OLLAMA):
        path = expanded(name)
        if not path.is_file():
            raise ModelNotFoundError(f"There is no file {path}: name a .gguf file, or ollama:NAME.")
        return path
    tag = name[len(OLLAMA) :]
    wanted = (tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest").casefold()
    known = dict(_manifests())
    for short, manifest in known.items():
        if short.casefold() == wanted:
            blob, extra = _blob(manifest)
            if extra:
                raise CheckpointError(
                    f"{quoted(name)} consists of a model and {extra}, which cannot be imported."
                )
            return blob
    there = ", ".join(f"{OLLAMA}{short}" for short in islice(known, 10)) or "none"
    raise ModelNotFoundError(f"Ollama has no model {quoted(name)}: there are {there}.")


def default_output(name: str) -> Path:
    """Return the folder that the import of `name` goes to; the models in it are listed."""
    if name.casefold().startswith(OLLAMA):
        tag = plain(name[len(OLLAMA) :])
        return mine() / "ollama" / re.sub(r"[^\w.-]", "-", tag)
    return mine() / plain_stem(expanded(name))


def _candidates() -> Iterator[tuple[str, Path]]:
    """Yield name and file, each file once."""
    seen: set[Path] = set()
    for tag, manifest in _manifests():
        try:
            blob, extra = _blob(manifest)
        except CheckpointError:
            continue
        if not extra and blob.is_file():
            seen.add(blob.resolve())
            yield f"{OLLAMA}{tag}", blob
    snapshots = sorted(hub_cache().glob("models--*/snapshots"))
    for folder in (llama_cpp_folder(), *snapshots, *known_folders()):
        for path in _inside(folder, _DEPTH):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield str(path), path


def _inside(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the first parts of the GGUF files in the folder and those in it."""
    for entry in _listed(folder):
        path, name = Path(entry.path), entry.name.lower()
        if depth > 1 and _is(entry.is_dir):
            yield from _inside(path, depth - 1)
        elif _is_model(name) and not is_later_shard(path) and _is(entry.is_file):
            yield path


def _is_model(name: str) -> bool:
    return name.endswith(".gguf") and not name.startswith(_NOT_MODELS)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    """Return the visible entries by name; none of a folder that is missing or overflows."""
    try:
        found = entries(folder)
    except (OSError, CheckpointError):
        return []
    return sorted((e for e in found if not e.name.startswith(".")), key=lambda entry: entry.name)


def _is(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except OSError:  # a loop of links
        return False


def ollama_folder() -> Path:
    """Return the folder where Ollama keeps its models."""
    if given := os.environ.get("OLLAMA_MODELS"):
        return expanded(given)
    return user_home() / ".ollama" / "models"


def llama_cpp_folder() -> Path:
    """Return the folder where llama.cpp keeps what it downloads."""
    if given := os.environ.get("LLAMA_CACHE"):
        return expanded(given)
    on_mac = user_home() / "Library" / "Caches"
    return (on_mac if on_mac.is_dir() else user_home() / ".cache") / "llama.cpp"


def _manifests() -> Iterator[tuple[str, Path]]:
    """Yield Ollama's names, as `ollama list` prints them, and their manifests."""
    root = ollama_folder() / "manifests"
    for path in _files_at(root, 4):
        host, namespace, model, tag = path.relative_to(root).parts
        if host != _HOST:
            model = f"{host}/{namespace}/{model}"
        elif namespace != _NAMESPACE:
            model = f"{namespace}/{model}"
        yield f"{model}:{tag}", path


def _files_at(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the files that lie exactly `depth` levels below the folder."""
    for entry in _listed(folder):
        if depth > 1:
            yield from _files_at(Path(entry.path), depth - 1)
        elif _is(entry.is_file):
            yield Path(entry.path)


def _blob(manifest: Path) -> tuple[Path, str]:
    """Return the model's file, and what else belongs to it. Raises CheckpointError."""
    raw = read_json(manifest)
    layers = [layer for layer in _list(raw.get("layers")) if isinstance(layer, dict)]
    kinds = {str(layer.get("mediaType")).rpartition("ollama.")[2]: layer for layer in layers}
    digest = _DIGEST.fullmatch(str(kinds.get(_MODEL, {}).get("digest")))
    if digest is None:
        raise CheckpointError(f"{manifest} names no GGUF file: pull the model again with Ollama.")
    path, older = (ollama_folder() / "blobs" / f"sha256{mark}{digest[1]}" for mark in "-:")
    extra = [what for kind, what in _EXTRA.items() if kind in kinds]
    return older if older.is_file() else path, " and ".join(extra)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
