"""Try a case of each kind on the server, the command line or the window."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from .arena import Arena
from .hubs import hub_of

Trial = Callable[[Arena, Path], list[str]]

HELLO = [{"role": "user", "content": "Hello <|im_end|> <think>\u0301🙂"}]
# One in so many cases is tried on the command line as well, which takes a second to start.
COMMANDS = 20


def model(arena: Arena, folder: Path) -> list[str]:
    """A checkpoint folder: list, describe, count tokens, ask, and forget it."""
    name = folder.name
    chat = {"model": name, "messages": HELLO, "max_tokens": 3}
    asked: list[tuple[str, str, object]] = [
        ("GET", "/v1/models", None),
        ("GET", "/api/qwen3mlx/models", None),
        ("POST", "/api/show", {"model": name}),
        ("POST", "/tokenize", {"model": name, "prompt": "Hello there"}),
        ("POST", "/v1/chat/completions", chat),
        ("POST", "/api/v1/models/unload", {"instance_id": name}),
    ]
    faults = []
    for method, path, body in asked:
        status = arena.ask(method, path, body)
        if status == 0 or (status == 500 and b"invalid_checkpoint" not in arena.answer):
            faults.append(f"{path}: {status} {arena.answer[:300]!r}")
    if _is_turn(folder):
        faults += arena.command(["show", str(folder)])
        faults += arena.command(["run", str(folder), "Hello", "--max-tokens", "2"])
    return faults


def hub(arena: Arena, folder: Path) -> list[str]:
    """A repository of the hub that is pulled."""
    repo = f"org/{folder.name}"
    place = arena.cache / f"models--{repo.replace('/', '--')}"
    arena.cache.mkdir(parents=True, exist_ok=True)
    if (folder / "cache").is_symlink() or (folder / "cache").exists():
        (folder / "cache").rename(place)
    hub_of(folder, arena.hub, repo)
    before = _beside(arena)
    faults = []
    if arena.ask("POST", "/api/pull", {"model": repo}) in (0, 500):
        faults.append("the download ended without a word")
    arena.ask("GET", "/v1/models")
    if _is_turn(folder):
        faults += arena.command(["pull", repo])
    if found := _beside(arena) - before - {place, *place.parents, *_of_hub(arena)}:
        faults.append(f"written elsewhere: {found}")
    if place.is_symlink():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    return faults


def journal(arena: Arena, folder: Path) -> list[str]:
    """A conversion that is taken up again."""
    words = ["quantize", str(folder / "source"), "--output", str(folder / "out")]
    return arena.command([*words, "--recipe", "4bit", "--method", "rtn", "--resume"])


def gguf(arena: Arena, folder: Path) -> list[str]:
    """A GGUF file of another program, which is listed and imported."""
    faults = arena.command(["import", str(folder / "model.gguf"), "-o", str(folder / "out")])
    if (folder / ".out.partial").exists() and not (folder / ".out.partial/journal.jsonl").exists():
        faults.append("something was left that no conversion knows")
    return faults + (arena.command(["list"]) if _is_turn(folder) else [])


def request(arena: Arena, folder: Path) -> list[str]:
    (path,) = folder.iterdir()
    is_whole = path.name == "whole.http"
    status = arena.send(path.read_bytes(), is_whole=is_whole)
    return [f"status 500: {arena.answer[:300]!r}"] if status == 500 else []


def profile(arena: Arena, folder: Path) -> list[str]:
    return arena.window.open("profiles", folder)


def document(arena: Arena, folder: Path) -> list[str]:
    return arena.window.open("documents", folder)


def _is_turn(folder: Path) -> bool:
    return int(folder.name.rpartition("-")[2]) % COMMANDS == 0


def _beside(arena: Arena) -> set[Path]:
    """The hub's cache and what lies around it."""
    roots = [arena.root, arena.home, arena.cache.parent, arena.cache, Path("/tmp/escape")]
    return {path for root in roots if root.is_dir() for path in root.iterdir()}


def _of_hub(arena: Arena) -> set[Path]:
    """Return huggingface_hub's files beside the repositories."""
    return {arena.cache / ".locks", arena.cache / "CACHEDIR.TAG"}


# How a case of each kind is tried, and how many there are of it when all tests run.
KINDS: dict[str, tuple[Trial, int]] = {
    "checkpoints": (model, 700),
    "templates": (model, 500),
    "tokenizers": (model, 500),
    "hubs": (hub, 400),
    "journals": (journal, 150),
    "ggufs": (gguf, 150),
    "profiles": (profile, 300),
    "documents": (document, 450),
    "requests": (request, 2_000),
}
