"""A broken, odd or ruinous checkpoint does not affect other models."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from qwen3mlx.errors import Qwen3MLXError
from qwen3mlx.library import Library
from qwen3mlx.model import footprint
from tests.model.support import read_tensors, replace_tensors
from tests.server.live import LiveServer

from .hostile import checkpoints
from .hostile.mutations import read, write_demo
from .with_models import command, serving

LISTS = (
    "/v1/models",
    "/api/tags",
    "/api/ps",
    "/api/v0/models",
    "/api/v1/models",
    "/api/qwen3mlx/models",
    "/api/qwen3mlx/status",
)
HELLO = [{"role": "user", "content": "Hello!"}]
# One of each kind and what must be said of it; those of the whole corpus come below.
FEW = {
    "layers": ("config.json", {"num_hidden_layers": 10**9}, "num_hidden_layers"),
    "experts": ("config.json", {"model_type": "qwen3_moe", "num_experts": 10**9}, "num_experts"),
    "nan": ("config.json", {"rms_norm_eps": float("nan")}, "rms_norm_eps"),
    "huge": ("config.json", {"hidden_size": 10**4000}, "hidden_size"),
    "deep": ("config.json", "[" * 100_000, "nested more than 64 levels deep"),
    "deep-value": ("config.json", '{"model_type":' + "[" * 900 + "]" * 900 + "}", "64 levels"),
    "twice": ("config.json", '{"model_type": "qwen3", "model_type": "qwen3"}', "occurs twice"),
    "map": ("model.safetensors.index.json", {"weight_map": ["a"]}, "weight_map"),
    "shards": ("model.safetensors.index.json", {"weight_map": {"a": 5, "b": "x"}}, "names 5"),
    "outside": ("model.safetensors.index.json", {"weight_map": {"a": "../m.safetensors"}}, ".."),
    "many": ("model.safetensors.index.json", " " * 17_000_000, "MB, too much for such a file"),
}


def change(folder: Path, file: str, content: object) -> None:
    folder.mkdir()
    if file == "config.json" and isinstance(content, dict):
        content = read(file) | content
    text = content if isinstance(content, str) else json.dumps(content)
    write_demo(folder, {file: text.encode()})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, (file, content, _) in FEW.items():
        change(folder / name, file, content)
    change(folder / "good", "README.md", "---\nlicense: mit\n---\n")
    overflow(folder / "huge-norm")
    return folder


def overflow(folder: Path) -> None:
    """Write a model whose numbers are finite, but not those that it computes."""
    change(folder, "README.md", "")
    tensors = read_tensors(folder)
    norm = tensors["model.norm.weight"]
    replace_tensors(folder, tensors | {"model.norm.weight": mx.full(norm.shape, 3e38, norm.dtype)})


@pytest.fixture(scope="module")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(models, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.mark.parametrize("path", LISTS)
def test_lists_of_models_go_on(server: LiveServer, path: str) -> None:
    answer = server.http.get(path)
    assert answer.status_code == 200
    assert "demo" in answer.text
    if path not in ("/api/ps", "/api/qwen3mlx/status"):
        assert "good" in answer.text


def test_the_app_gets_the_reason_for_each(server: LiveServer) -> None:
    library = server.http.get("/api/qwen3mlx/models").json()
    assert {model["id"] for model in library["models"]} == {"demo", "demo-moe", "good", "huge-norm"}
    reasons = {entry["name"]: entry["reason"] for entry in library["skipped"]}
    assert reasons.keys() == FEW.keys()
    for name, (_, _, said) in FEW.items():
        assert said in reasons[name]
        assert len(reasons[name]) < 600
        assert "\n" not in reasons[name]


@pytest.mark.parametrize("name", FEW)
def test_a_request_for_a_bad_one_says_why(server: LiveServer, name: str) -> None:
    for path, body in (
        ("/v1/chat/completions", {"messages": HELLO}),
        ("/v1/messages", {"messages": HELLO, "max_tokens": 1}),
        ("/api/show", {}),
        ("/api/chat", {"messages": HELLO}),
    ):
        answer = server.http.post(path, json={"model": name, **body})
        assert answer.status_code == 404, answer.text
        assert "error" in answer.json()
    answer = server.http.post(
        "/v1/chat/completions", json={"model": "demo", "messages": HELLO, "max_tokens": 1}
    )
    assert answer.status_code == 200


def test_a_model_that_computes_no_numbers_says_so(server: LiveServer) -> None:
    for path, body in (
        ("/v1/chat/completions", {"messages": HELLO}),
        ("/v1/completions", {"prompt": "Hello", "logprobs": 2, "echo": True}),
        ("/v1/messages", {"messages": HELLO, "max_tokens": 9}),
        ("/v1/responses", {"input": "Hello"}),
        ("/api/chat", {"messages": HELLO, "stream": False}),
        ("/v1/embeddings", {"input": "Hello"}),
    ):
        answer = server.http.post(path, json={"model": "huge-norm", **body})
        assert answer.status_code == 422, (path, answer.text)
        assert "not finite" in answer.text
    body = {"model": "huge-norm", "messages": HELLO, "stream": True}
    answer = server.http.post("/v1/chat/completions", json=body)
    assert "not finite" in answer.text
    body = {"model": "demo", "messages": HELLO, "max_tokens": 1}
    assert server.http.post("/v1/chat/completions", json=body).status_code == 200


def test_the_command_lists_the_others_and_names_the_bad_ones(models: Path, tmp_path: Path) -> None:
    done = command(models, tmp_path, "list")
    assert done.returncode == 0
    assert "good" in done.stdout
    assert "demo-moe" in done.stdout
    lines = done.stderr.splitlines()
    assert sorted(line.split(": ")[1] for line in lines) == sorted(FEW)


def scan(folder: Path) -> tuple[list[str], dict[str, str]]:
    models, skipped, *_ = Library([folder]).scan()
    return [model.id for model in models], dict(skipped)


def test_files_that_come_and_go_while_they_are_read(tmp_path: Path) -> None:
    change(tmp_path / "good", "README.md", "")
    over = threading.Event()

    def flicker() -> None:
        while not over.is_set():
            change(tmp_path / "flicker", "README.md", "")
            shutil.rmtree(tmp_path / "flicker")

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        for _ in range(100):
            listed, skipped = scan(tmp_path)
            assert {"demo", "demo-moe", "good"} <= set(listed)
            assert set(skipped) <= {"flicker"}
    finally:
        over.set()
        thread.join()


def test_folders_that_hold_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwen3mlx.library.cache.MOST_ENTRIES", 50)
    change(tmp_path / "good", "README.md", "")
    change(tmp_path / "files", "README.md", "")
    (tmp_path / "folders").mkdir()
    for number in range(51):
        (tmp_path / "files" / f"{number}.txt").touch()
        (tmp_path / "folders" / f"{number}").touch()
    listed, skipped = scan(tmp_path)
    assert listed == ["demo", "demo-moe", "good"]
    assert skipped.keys() == {"files", "folders"}
    assert all("more than 50 files" in reason for reason in skipped.values())


@pytest.mark.parametrize("name", [b"\xff\xfe", b"a\x1b[2J", b"a\nb", "a\u202eb".encode()])
def test_names_that_no_client_can_say(tmp_path: Path, name: bytes) -> None:
    change(tmp_path / "good", "README.md", "")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    change(odd, "README.md", "")
    (odd.parent / "of").mkdir()
    (odd.parent / "of" / odd.name).symlink_to(odd)
    listed, skipped = scan(tmp_path)
    assert listed == ["demo", "demo-moe", "good"]
    ((shown, reason),) = skipped.items()
    assert shown.isprintable()
    assert reason.isprintable()
    assert "rename the folder" in reason


def test_a_root_that_is_not_utf8(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    root.mkdir()
    change(root / "model", "README.md", "")
    listed, skipped = scan(root)
    assert listed == ["demo", "demo-moe"]
    assert skipped.keys() == {"model"}


def test_unforeseen_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    change(tmp_path / "good", "README.md", "")
    change(tmp_path / "odd", "README.md", "")
    from qwen3mlx.library import scan as module

    library: Any = module  # a name that it imports

    read = library.read_local_model

    def fail(model_id: str, *rest: object) -> object:
        if model_id == "odd":
            raise ZeroDivisionError("unforeseen")
        return read(model_id, *rest)

    monkeypatch.setattr(library, "read_local_model", fail)
    listed, skipped = scan(tmp_path)
    assert listed == ["demo", "demo-moe", "good"]
    assert "unforeseen" in skipped["odd"]
    assert "unforeseen" in caplog.text


def what_is_wrong(folder: Path) -> str:
    try:
        footprint(folder)
    except Qwen3MLXError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
def test_hostile_checkpoints(tmp_path: Path, seed: int) -> None:
    numbers = count()
    names: dict[str, str] = {}
    for name, write_case in checkpoints.cases(random.Random(seed)):
        folder = tmp_path / f"m{next(numbers)}"
        folder.mkdir()
        write_case(folder)
        names[folder.name] = name
    listed, skipped = scan(tmp_path)
    assert {"demo", "demo-moe"} <= set(listed)
    for listed_name, reason in skipped.items():
        assert len(reason) < 600, names[listed_name]
        assert "\n" not in reason, names[listed_name]
    for listed_name in set(listed) & set(names):
        said = what_is_wrong(tmp_path / listed_name)
        assert len(said) < 1000, names[listed_name]
        assert "\n" not in said, names[listed_name]
    for folder in tmp_path.iterdir():
        folder.chmod(0o700)
