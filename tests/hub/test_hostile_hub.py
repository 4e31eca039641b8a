"""A lying hub or mirror cannot write outside the repository's place in the cache."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx import hub
from qwen3mlx.errors import DownloadError, Qwen3MLXError, UnreachableError
from qwen3mlx.hub import answers
from qwen3mlx.library.cache import cached_snapshot, drop_damaged_ref

from .conftest import REPO, SHARDS
from .fake_hub import COMMIT, FakeHub

PATHS = [
    "../../../escape",
    "/tmp/escape",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "x" * 5000,
    "\u202e",
    "a b",
]
ODD: list[Any] = [None, 1, 1.5, True, [], {}, "x", {"a": 1}]


def outside(folder: Path) -> list[str]:
    """Return the files next to the hub's cache, and next to the repository in it."""
    repository = f"models--{REPO.replace('/', '--')}"
    allowed = {"hub", repository, ".locks", "CACHEDIR.TAG"}
    return [
        p.name for p in [*folder.iterdir(), *(folder / "hub").glob("*")] if p.name not in allowed
    ]


def refused(fake_hub: FakeHub, folder: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        hub.fetch(REPO)
    assert "\n" not in str(caught.value)
    assert outside(folder) == []
    assert not list((folder / "hub").rglob("*escape*"))


@pytest.mark.parametrize(
    "commit", ["../../../escape", "main", COMMIT.upper(), COMMIT + "0", "0" * 39]
)
def test_a_commit_is_forty_hexadecimal_digits(
    fake_hub: FakeHub, tmp_path: Path, commit: str
) -> None:
    fake_hub.commit = commit
    refused(fake_hub, tmp_path)


def test_the_commit_of_a_file_counts_too(fake_hub: FakeHub, tmp_path: Path) -> None:
    fake_hub.listing = lambda true: {**true, "sha": COMMIT} if isinstance(true, dict) else true
    fake_hub.commit = "../../../escape"
    refused(fake_hub, tmp_path)


@pytest.mark.parametrize("etag", [path for path in PATHS if path.isascii() and path])
def test_an_etag_names_no_path(fake_hub: FakeHub, tmp_path: Path, etag: str) -> None:
    fake_hub.etags["config.json"] = etag
    refused(fake_hub, tmp_path)


@pytest.mark.parametrize("key", ["oid", "xetHash", "lfs"])
@pytest.mark.parametrize("value", ["../../../escape", "/tmp/escape", 7, "x" * 5000])
def test_a_hash_in_a_listing_names_no_path(
    fake_hub: FakeHub, tmp_path: Path, key: str, value: object
) -> None:
    said = {"oid": value, "size": 9, "pointerSize": 9} if key == "lfs" else value
    fake_hub.listing = lambda true: (
        [{**entry, key: said} for entry in true] if isinstance(true, list) else true
    )
    refused(fake_hub, tmp_path)


@pytest.mark.parametrize(
    "name", ["../escape.json", "/tmp/escape.json", "a/../escape.json", "\x00.json"]
)
def test_a_file_name_in_a_listing_leads_nowhere_else(
    fake_hub: FakeHub, tmp_path: Path, name: str
) -> None:
    fake_hub.listing = lambda true: (
        {**true, "siblings": [*true["siblings"], {"rfilename": name, "size": 1}]}
        if isinstance(true, dict)
        else [*true, {"type": "file", "path": name, "size": 1, "oid": "0"}]  # type: ignore[misc]
    )
    refused(fake_hub, tmp_path)


@pytest.mark.parametrize(
    "body", [*ODD, b"no json", b"[" * 100_000, [1], [{}], [[]], {"siblings": 3}]
)
def test_a_listing_of_odd_types_is_one_line(
    fake_hub: FakeHub, tmp_path: Path, body: object
) -> None:
    fake_hub.listing = lambda true: body
    with pytest.raises(Qwen3MLXError) as caught:
        hub.fetch(REPO)
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, UnreachableError), "another attempt gets the same"
    assert outside(tmp_path) == []


@pytest.mark.parametrize("key", ["type", "path", "size", "oid"])
def test_a_tree_that_lacks_a_key_is_one_line(fake_hub: FakeHub, key: str) -> None:
    def without(true: Any) -> object:
        if isinstance(true, dict):
            return true
        return [{name: one[name] for name in one if name != key} for one in true]

    fake_hub.listing = without
    with pytest.raises(DownloadError, match="use another hub"):
        hub.fetch(REPO)


@pytest.mark.parametrize("size", [-1, 1.5, "9", 10**30, [], True])
def test_a_size_of_an_odd_type_is_one_line(fake_hub: FakeHub, tmp_path: Path, size: object) -> None:
    fake_hub.listing = lambda true: (
        {**true, "siblings": [{**s, "size": size} for s in true["siblings"]]}
        if isinstance(true, dict)
        else true
    )
    refused(fake_hub, tmp_path)


@pytest.mark.parametrize(
    ("limit", "value"), [("LARGEST_LISTING", 100), ("LISTING_SECONDS", -1.0), ("MOST_FILES", 3)]
)
def test_a_listing_beyond_its_limits_is_ended(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(answers, limit, value)
    refused(fake_hub, tmp_path)


def test_a_file_longer_than_announced_ends(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["qwen3mlx.hub.download"], "SLACK_BYTES", 100_000)
    fake_hub.extra[SHARDS[0]] = 1 << 24
    refused(fake_hub, tmp_path)
    written = sum(path.stat().st_size for path in (tmp_path / "hub").rglob("*") if path.is_file())
    assert written < 4 << 20


def test_a_large_file_is_what_its_sha256_says(fake_hub: FakeHub, tmp_path: Path) -> None:
    data = fake_hub.repos[REPO][SHARDS[0]]
    fake_hub.etags[SHARDS[0]] = hashlib.sha256(data + b"!").hexdigest()
    with pytest.raises(DownloadError, match=f"{SHARDS[0]} of {REPO} arrived damaged and was del"):
        hub.fetch(REPO)
    assert cached_snapshot(REPO) is None
    fake_hub.etags[SHARDS[0]] = hashlib.sha256(data).hexdigest()
    assert (hub.fetch(REPO) / SHARDS[0]).read_bytes() == data


def test_a_planted_ref_leads_nowhere_else(fake_hub: FakeHub, tmp_path: Path) -> None:
    snapshot = hub.fetch(REPO)
    ref = snapshot.parents[1] / "refs" / "main"
    assert ref.read_text() == COMMIT
    ref.write_text(f"../snapshots/{COMMIT}")
    assert cached_snapshot(REPO) is None


@pytest.mark.parametrize("place", ["", "blobs", "refs", "snapshots", "trees", "blobs/x.incomplete"])
def test_a_planted_link_leads_nowhere_else(fake_hub: FakeHub, tmp_path: Path, place: str) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "letter.txt").write_text("dear")
    link = tmp_path / "hub" / f"models--{REPO.replace('/', '--')}" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(victim / "letter.txt" if "." in place else victim)
    with pytest.raises(DownloadError, match="leads out of the cache"):
        hub.fetch(REPO)
    assert [path.name for path in victim.iterdir()] == ["letter.txt"]
    assert (victim / "letter.txt").read_text() == "dear"


def test_the_cache_itself_may_be_a_link(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lead to another disk, for example."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "hub").symlink_to(tmp_path / "disk")
    hub.fetch(REPO)
    hub.fetch(REPO)
    assert cached_snapshot(REPO) is not None


def test_the_library_is_as_it_was_after_two_downloads_at_once(fake_hub: FakeHub) -> None:
    from huggingface_hub import get_session

    before = {name: list(hooks) for name, hooks in get_session().event_hooks.items()}
    seen: list[int] = []

    def nested(progress: hub.Progress) -> None:
        if not seen:
            seen.append(1)
            hub.fetch("org/Second")

    fake_hub.repos["org/Second"] = fake_hub.repos[REPO]
    hub.fetch(REPO, progress=nested)
    assert get_session().event_hooks == before


@pytest.mark.parametrize("noted", [b"w\xb9\x9a", b"", b"not a commit", b"\0" * 40])
def test_a_damaged_note_of_a_commit_is_written_anew(
    fake_hub: FakeHub, tmp_path: Path, noted: bytes
) -> None:
    ref = refs(tmp_path) / "main"
    ref.write_bytes(noted)
    hub.fetch(REPO)
    assert ref.read_text() == COMMIT


def test_a_revision_that_leads_elsewhere_deletes_nothing(fake_hub: FakeHub, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear")
    folder = refs(tmp_path)
    for revision in (str(letter), os.path.relpath(letter, folder)):
        drop_damaged_ref(REPO, revision)
    assert letter.read_text() == "dear"


def refs(root: Path) -> Path:
    folder = root / "hub" / f"models--{REPO.replace('/', '--')}" / "refs"
    folder.mkdir(parents=True)
    return folder
