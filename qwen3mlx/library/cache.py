"""The Hugging Face cache on this computer, read without the network."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Container, Iterator, Set
from itertools import islice
from pathlib import Path

from ..config import INDEX_NAME, model_text, read_weight_map
from ..config.hub_layout import BLOBS, REFS, SNAPSHOTS, folder_name, is_unverified
from ..errors import CheckpointError, DownloadError
from ..settings.state import NO_HOME

COMMIT = re.compile(r"[0-9a-f]{40}")
_LARGEST_REF = 1000  # bytes
# A checkpoint has a few hundred files at most.
MOST_ENTRIES = 10_000
# Of a link to a blob that is not there yet, or to itself.
_NO_TARGET = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def cached_snapshot(repo_id: str, revision: str | None = None) -> Path | None:
    """Return the snapshot folder of `repo_id`, or None unless it has every file needed to run."""
    snapshot = snapshot_folder(repo_id, revision)
    return snapshot if snapshot and not missing_files(snapshot) else None


def snapshot_folder(repo_id: str, revision: str | None = None) -> Path | None:
    """Return the snapshot folder of `repo_id`, complete or not; None if there is none."""
    repository = repository_folder(repo_id)
    commit = _commit(repository, revision or "main")
    snapshot = repository / SNAPSHOTS / commit if commit else None
    return snapshot if snapshot and snapshot.is_dir() else None


def repository_folder(repo_id: str) -> Path:
    """Return the folder where every Hugging Face program keeps `repo_id`."""
    return hub_cache() / folder_name(repo_id)


def blobs_folder(repo_id: str) -> Path:
    """Return the folder of the files that the snapshots of `repo_id` link to."""
    return repository_folder(repo_id) / BLOBS


def hub_cache() -> Path:
    """Return the Hugging Face cache folder, which need not exist."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    # For a user without a home, "~/.cache" stays unexpanded.
    return NO_HOME / folder.name if str(folder).startswith("~") else folder


def check_place(repo_id: str) -> None:
    """Raise DownloadError if a link in the folder of `repo_id` leads out of the cache.

    `huggingface_hub` (2.4) writes through such a link, wherever it leads.
    """
    repository, root = repository_folder(repo_id), hub_cache().resolve()
    for path in (repository, *_links(repository)):
        if not Path(os.path.realpath(path)).is_relative_to(root):
            raise DownloadError(
                f"{path} leads out of the cache {root}: delete that link and download again, or "
                "set HF_HOME to a folder with room for all models."
            )


def drop_damaged_ref(repo_id: str, revision: str) -> None:
    """Delete what the cache has noted as the commit of `revision` if it is none.

    `huggingface_hub` (2.4) ends at what is not UTF-8 there, and writes it anew where it is missing.
    """
    repository = repository_folder(repo_id)
    ref = repository / REFS / revision
    is_inside = Path(os.path.normpath(ref)).is_relative_to(repository / REFS)
    if is_inside and ref.is_file() and _commit(repository, revision) is None:
        ref.unlink()


def _links(folder: Path) -> Iterator[Path]:
    """Return the links at any depth, without looking into their targets."""
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in (*folders, *files)):
            if path.is_symlink():
                yield path


def _commit(repository: Path, revision: str) -> str | None:
    if COMMIT.fullmatch(revision):
        return revision
    try:
        commit = model_text(repository / REFS / revision, largest=_LARGEST_REF).strip()
    except (CheckpointError, ValueError):  # ValueError: not UTF-8, or a NUL in the name
        return None
    return commit if COMMIT.fullmatch(commit) else None


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """List `folder`. Raises OSError; CheckpointError if it has more than MOST_ENTRIES entries."""
    with os.scandir(folder) as found:
        listed = list(islice(found, MOST_ENTRIES + 1))
    if len(listed) > MOST_ENTRIES:
        raise CheckpointError(f"{folder} holds more than {MOST_ENTRIES:,} files.")
    return listed


def complete_files(folder: Path) -> dict[str, os.stat_result]:
    """Return what a checkpoint's folder holds, by name: no download that was never verified.

    Raises OSError; CheckpointError if there are more than MOST_ENTRIES entries.
    """
    files = {}
    for entry in entries(folder):
        try:
            status = entry.stat()
        except OSError as error:
            if error.errno not in _NO_TARGET:
                raise
            continue
        if not (entry.is_symlink() and is_unverified(Path(entry))):
            files[entry.name] = status
    return files


def missing_files(snapshot: Path) -> list[str]:
    """Return the files that a checkpoint folder still needs after an interrupted download.

    Raises CheckpointError for a folder that cannot be read, or whose index is broken.
    """
    try:
        names = set(complete_files(snapshot))
    except OSError as error:
        raise CheckpointError(f"{snapshot} cannot be read ({error.strerror}).") from None
    return missing_of(names, snapshot)


def missing_of(names: Set[str], snapshot: Path) -> list[str]:
    """Return the files that a checkpoint folder with these `complete_files` still needs."""
    missing = missing_parts(names)
    if INDEX_NAME in names:
        return missing + sorted(set(read_weight_map(snapshot).values()) - names)
    if any(name.endswith(".safetensors") for name in names):
        return missing
    return [*missing, "*.safetensors"]


def missing_parts(names: Container[str]) -> list[str]:
    """Return the files, besides weights, needed to run a checkpoint and missing from `names`."""
    missing = [] if "config.json" in names else ["config.json"]
    if "tokenizer.json" in names or ("vocab.json" in names and "merges.txt" in names):
        return missing
    return [*missing, "tokenizer.json"]
