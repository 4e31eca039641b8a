"""What of a checkpoint's folder may be published: its own files, and nothing else."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen3mlx.config import INDEX_NAME, is_adapter, read_checkpoint, read_json
from qwen3mlx.errors import CheckpointError
from qwen3mlx.quoting import printable

from .card import license_of
from .common import ConversionError
from .events import OnEvent, Progress
from .names import staging_folder
from .staging import JOURNAL, MANIFEST, is_the_systems

CARD = "README.md"
# The files of a checkpoint beside its weights, by name.
_NAMES = (
    CARD, MANIFEST, INDEX_NAME, "config.json", "generation_config.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "chat_template.jinja", "chat_template.json", "evaluation.txt", "modules.json",
    "config_sentence_transformers.json", "sentence_bert_config.json", ".gitattributes",
    "LICENSE", "LICENSE.*", "LICENSE-*", "NOTICE", "NOTICE.*", "USAGE_POLICY",
)  # fmt: skip
# Texts that people write or edit, and the most bytes of one; vocabularies are none.
_TEXTS = (".md", ".txt", ".json", ".jinja", ".jsonl")
_NO_TEXTS = ("tokenizer.json", "vocab.json", "merges.txt")
_LARGEST_TEXT = 16 << 20
_SECRETS = {
    "a token of Hugging Face": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a key of OpenAI's form": re.compile(r"\bsk-[A-Za-z0-9_-]{32,}"),
    "a key of AWS": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
}
_PIECE = 1 << 20
# Names of files that an error lists.
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Publication:
    """The files of the checkpoint `folder` to publish, in order; `notes` are sentences about what
    readers will miss.
    """

    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        return sum(file.stat().st_size for file in self.files)


def publication(folder: Path) -> Publication:
    """Look through the folder; read no weights.

    Raises CheckpointError for a folder that is no checkpoint; ConversionError for one of which the
    conversion is not finished, that was changed since, or that holds anything else than the
    checkpoint's own files, or a secret in one of them.
    """
    _check_finished(folder)
    _, infos = read_checkpoint(folder)
    shards = {info.shard.name for info in infos.values()}
    files = _own_files(folder, shards)
    manifest = _manifest(folder)
    _check_sizes(folder, manifest)
    texts = {path.name: text for path in files if (text := _text(path)) is not None}
    for name, text in texts.items():
        _check_secrets(folder / name, text)
    return Publication(folder, tuple(files), tuple(_notes(folder, texts, manifest)))


def check_digests(found: Publication, on_event: OnEvent) -> None:
    """Read every file, and compare it with the manifest, if there is one; the card may have been
    edited. Raises ConversionError for a file that has changed.
    """
    digests = {name: facts["sha256"] for name, facts in _manifest(found.folder).items()}
    known = [path for path in found.files if path.name in digests and path.name != CARD]
    done, total = 0, sum(path.stat().st_size for path in known)
    for path in known:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                done += len(piece)
                on_event(Progress("verifying", done, total, path.name))
        if digest.hexdigest() != digests[path.name]:
            raise _changed(path)


def _check_finished(folder: Path) -> None:
    if (folder / JOURNAL).exists() or re.fullmatch(r"\..+\.partial", folder.name):
        raise ConversionError(
            f"{folder} is a conversion that is not finished: use `qwen3mlx quantize --resume` with "
            "its options first."
        )
    if not folder.exists() and os.path.lexists(staging_folder(folder)):
        raise ConversionError(
            f"The conversion to {folder} is not finished: use --resume with its options first."
        )
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder: name the folder of a checkpoint.")
    if is_adapter(folder):
        raise CheckpointError(
            f"{folder} is a LoRA adapter and no checkpoint: `qwen3mlx fuse` makes one of it and "
            "its base."
        )


def _own_files(folder: Path, shards: set[str]) -> list[Path]:
    """Return the checkpoint's files. Raises ConversionError if there is anything else."""
    found, others = list[Path](), list[str]()
    for path in sorted(folder.iterdir()):
        if is_the_systems(path.name):
            continue
        is_ours = path.name in shards or any(fnmatch.fnmatchcase(path.name, n) for n in _NAMES)
        if is_ours and path.name.isprintable() and _is_inside(path, folder):
            found.append(path)
        else:
            kind = " (a link)" if path.is_symlink() else "/" if path.is_dir() else ""
            others.append(printable(path.name) + kind)
    if others:
        more = f" and {len(others) - _LISTED} more" if len(others) > _LISTED else ""
        raise ConversionError(
            f"{folder} holds what is not a file of the checkpoint itself: "
            f"{', '.join(others[:_LISTED])}{more}. Move it elsewhere; nothing was sent."
        )
    return found


def _is_inside(path: Path, folder: Path) -> bool:
    """Return whether the path is an ordinary file of the folder, or a link to one."""
    try:
        target = path.resolve(strict=True)
        return target.parent == folder.resolve() and stat.S_ISREG(target.stat().st_mode)
    except (OSError, RuntimeError):  # Python before 3.13 raises RuntimeError for a loop of links
        return False


def _manifest(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the manifest's files; none without a manifest. Raises CheckpointError."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    files = read_json(path).get("files")
    if isinstance(files, dict) and all(map(_is_entry, files.values())):
        return files
    raise CheckpointError(f"{path} is no manifest of a conversion: move it elsewhere.")


def _is_entry(facts: object) -> bool:
    return (
        isinstance(facts, dict)
        and isinstance(facts.get("size"), int)
        and isinstance(facts.get("sha256"), str)
    )


def _check_sizes(folder: Path, manifest: Mapping[str, Mapping[str, Any]]) -> None:
    for name, facts in manifest.items():
        path = folder / name
        if name != CARD and (not path.is_file() or path.stat().st_size != facts["size"]):
            raise _changed(path)


def _changed(path: Path) -> ConversionError:
    return ConversionError(
        f"{path} is not as the conversion wrote it, as {MANIFEST} says: convert again, or delete "
        f"{MANIFEST} if you changed it on purpose."
    )


def _text(path: Path) -> str | None:
    is_text = path.suffix in _TEXTS or path.name.startswith(("LICENSE", "NOTICE"))
    if not is_text or path.name in _NO_TEXTS:
        return None
    if path.stat().st_size > _LARGEST_TEXT:
        raise ConversionError(f"{path} is too large for a text of a checkpoint: move it elsewhere.")
    return path.read_text(encoding="utf-8", errors="replace")


def _check_secrets(path: Path, text: str) -> None:
    for what, pattern in _SECRETS.items():
        if pattern.search(text):
            raise ConversionError(f"{path} holds {what}: remove it; nothing was sent.")


def _notes(folder: Path, texts: Mapping[str, str], manifest: Mapping[str, object]) -> Iterator[str]:
    card = texts.get(CARD)
    if card is None:
        yield f"There is no model card: write {CARD}, or convert with qwen3mlx, which writes one."
    elif license_of(card) is None:
        yield (
            "The card names no license, so that nobody knows how the model may be used: add a "
            f"line such as `license: apache-2.0` between the lines of `---` in {CARD}."
        )
    if card is not None and manifest and "mean KL" not in card:
        yield "The card has no measured quality: `qwen3mlx quantize --evaluate` writes it."
    if not (folder / "tokenizer.json").exists():
        yield "There is no tokenizer.json, without which nobody can use the model."
    home = str(Path.home())
    for name, text in texts.items():
        if len(home) > 1 and home in text:
            yield f"{name} names {home}, a folder of this computer."
