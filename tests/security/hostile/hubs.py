"""Lying hubs: their answers to a download, and caches that someone tampered with."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.hub.fake_hub import COMMIT, FakeHub, Fault

from . import Cases, outside
from .mutations import DEMO, damaged, fifo, json_bytes, link_to, mutated, odd

Json = dict[str, Any]
WEIGHTS = "model.safetensors"
PATHS = [
    "../../../escape", "/tmp/escape", "..", ".", "a/b", "a\\b", "x" * 300, "%2e%2e%2fescape",
    COMMIT.upper(), COMMIT + "0", "main", "refs/../../escape",
]  # fmt: skip
NAMES = [
    "../escape.json", "/tmp/escape.json", "a/../../escape.json", "\0.json", "..json", ".json",
    "con.json\n", "\u202e.json", "x" * 5_000 + ".json", "tokenizer.json/escape.json",
]  # fmt: skip


def cases(rng: random.Random) -> Cases:
    makers: list[Callable[[random.Random], tuple[str, Json]]] = [
        _listing, _listing, _entries, _paths, _names, _bytes, _broken,
    ]  # fmt: skip
    while True:
        name, said = rng.choice(makers)(rng)
        planted = rng.choice(_planted(rng)) if rng.random() < 0.2 else None

        def write(
            folder: Path, said: Json = said, plant: Callable[[Path], None] | None = planted
        ) -> None:
            (folder / "hub.json").write_text(json.dumps(said))
            if plant is not None:
                plant(folder / "cache")

        yield f"hub: {name}{' over a prepared cache' if planted else ''}", write


def hub_of(folder: Path, hub: FakeHub, repo: str) -> None:
    """Lets `hub` have `repo` and say what the case says."""
    said = json.loads((folder / "hub.json").read_text())
    hub.repos = {repo: _files()}
    hub.commit = said.get("commit", COMMIT)
    hub.etags = said.get("etags", {})
    hub.extra = said.get("extra", {})
    hub.cuts = said.get("cuts", {})
    hub.broken = {name: Fault(*fault) for name, fault in said.get("broken", {}).items()}
    bodies = {kind: base64.b64decode(body) for kind, body in said.get("listing", {}).items()}
    hub.listing = lambda true: bodies.get("info" if isinstance(true, dict) else "tree", true)


@cache
def _files() -> dict[str, bytes]:
    """A repository that could be downloaded."""
    return {path.name: path.read_bytes() for path in DEMO.iterdir()}


def _true() -> tuple[Json, list[Json]]:
    """Return an honest hub's answer."""
    siblings = [{"rfilename": name, "size": len(data)} for name, data in _files().items()]
    entries = [
        {"type": "file", "path": name, "size": len(data), "oid": f"{len(data):040x}"}
        for name, data in _files().items()
    ]
    return {"id": "org/case", "sha": COMMIT, "siblings": siblings}, entries


def _said(info: bytes, tree: bytes | None = None) -> Json:
    bodies = {"info": info} if tree is None else {"info": info, "tree": tree}
    return {"listing": {kind: base64.b64encode(body).decode() for kind, body in bodies.items()}}


def _listing(rng: random.Random) -> tuple[str, Json]:
    info, tree = _true()
    times = rng.choice([1, 2, 5])
    changed = json_bytes(rng, mutated(rng, info, times)), json_bytes(rng, mutated(rng, tree, times))
    return "listings mutated", _said(*changed)


def _entries(rng: random.Random) -> tuple[str, Json]:
    info, tree = _true()
    for entry in rng.sample(info["siblings"], 3):
        entry[rng.choice(["size", "lfs", "blobId", "rfilename"])] = rng.choice(
            [odd(rng), {"sha256": rng.choice(PATHS), "size": 1, "pointerSize": -1}]
        )
    for entry in rng.sample(tree, 3):
        entry[rng.choice(["oid", "xetHash", "lfs", "size", "type", "path"])] = rng.choice(
            [odd(rng), rng.choice(PATHS), {"oid": rng.choice(PATHS), "size": 9}]
        )
    if rng.random() < 0.2:
        info["siblings"] = info["siblings"] * 20_000
    return "odd entries", _said(json.dumps(info).encode(), json.dumps(tree).encode())


def _paths(rng: random.Random) -> tuple[str, Json]:
    """Commits and ETags as parts of a path."""
    if rng.random() < 0.5:
        return "a commit that is a path", {"commit": rng.choice(PATHS)}
    etags = {name: rng.choice(PATHS) for name in rng.sample(list(_files()), 2)}
    return "an ETag that is a path", {"etags": etags}


def _names(rng: random.Random) -> tuple[str, Json]:
    info, tree = _true()
    name = rng.choice(NAMES)
    info["siblings"].append({"rfilename": name, "size": 1})
    tree.append({"type": "file", "path": name, "size": 1, "oid": "0" * 40})
    return "a file name that is a path", _said(json_bytes(rng, info), json_bytes(rng, tree))


def _bytes(rng: random.Random) -> tuple[str, Json]:
    """Files that are longer, shorter or other than announced."""
    name = rng.choice(list(_files()))
    if rng.random() < 0.5:
        return "a longer file", {"extra": {name: rng.choice([1, 1_000, 100_000_000])}}
    size = len(_files()[name])
    return "a file that is cut", {"cuts": {name: [rng.randrange(size)]}}


def _broken(rng: random.Random) -> tuple[str, Json]:
    name = rng.choice([*_files(), "config.json"])
    if rng.random() < 0.5:
        info = json.dumps(_true()[0]).encode()
        return "listing damaged", _said(damaged(rng, info))
    status = rng.choice([401, 403, 404, 410, 418, 451])
    return "a file is refused", {"broken": {name: [status, rng.choice(["", "GatedRepo", "x"])]}}


def _planted(rng: random.Random) -> list[Callable[[Path], None]]:
    """Replace the repository in the cache by links, and by other non-files."""

    def ref(content: bytes) -> Callable[[Path], None]:
        def write(folder: Path) -> None:
            (folder / "refs").mkdir(parents=True)
            (folder / "refs" / "main").write_bytes(content)

        return write

    def blobs_elsewhere(folder: Path) -> None:
        folder.mkdir()
        link_to(outside(folder.parent))(folder / "blobs")

    def snapshots_elsewhere(folder: Path) -> None:
        folder.mkdir()
        link_to(outside(folder.parent))(folder / "snapshots")

    def linked_files(folder: Path) -> None:
        snapshot = folder / "snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        ref(COMMIT.encode())(folder)
        for name in ("config.json", "tokenizer.json", "LICENSE"):
            link_to(outside(folder.parent) / "letter.txt")(snapshot / name)
        fifo(snapshot / "tokenizer_config.json")

    def elsewhere(folder: Path) -> None:
        link_to(outside(folder.parent))(folder)

    contents = [b"", b"..", b"../snapshots/x", rng.randbytes(9), b"x" * 1_000_000, b"\0" * 40]
    return [
        ref(rng.choice(contents)), blobs_elsewhere, snapshots_elsewhere, linked_files, elsewhere,
    ]  # fmt: skip
