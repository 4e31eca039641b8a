from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.support.checkpoints import DENSE, hf_config

from .fake_hub import FakeHub
from .fake_modelscope import FakeModelScope

REPO = "org/Tiny-4bit"
MODELSCOPE_REPO = "org/Tiny-0.6B-4bit"  # ModelScope writes the dot otherwise
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def checkpoint_files(shard_bytes: int = 300_000) -> dict[str, bytes]:
    """A repository as the official ones are laid out, with files that must never be fetched."""
    weight_map = {f"layer.{i}.weight": name for i, name in enumerate(SHARDS)}
    return {
        ".gitattributes": b"* text",
        "README.md": b"# Tiny",
        "config.json": json.dumps(hf_config(DENSE, "bfloat16")).encode(),
        "tokenizer.json": b"{}",
        "merges.txt": b"a b",
        "chat_template.jinja": b"{{ messages }}",
        "model.safetensors.index.json": json.dumps({"weight_map": weight_map}).encode(),
        SHARDS[0]: bytes(range(256)) * (shard_bytes // 256),
        SHARDS[1]: b"\1" * shard_bytes,
        "pytorch_model.bin": b"pickle",
        "modeling_tiny.py": b"raise SystemExit",
        "onnx/model.safetensors": b"copy",
    }


def in_lfs(hub: FakeHub, *names: str) -> None:
    """Keep these files where large ones are: the hub announces their SHA-256."""
    for name in names or SHARDS:
        hub.etags[name] = hashlib.sha256(hub.repos[REPO][name]).hexdigest()


def slowed(hub: FakeHub) -> FakeHub:
    """The hub, taking a while for a file of 4 MB, which it keeps in LFS."""
    hub.repos[REPO] = checkpoint_files(shard_bytes=2**22)
    in_lfs(hub)
    hub.delays[SHARDS[0]] = 0.02
    return hub


@pytest.fixture
def fake_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """The hub this process talks to, with an empty cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with FakeHub({REPO: checkpoint_files()}) as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


@pytest.fixture
def modelscope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeModelScope]:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "modelscope"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "ms-secret")
    with FakeModelScope({MODELSCOPE_REPO: checkpoint_files()}) as running:
        monkeypatch.setenv("MODELSCOPE_DOMAIN", running.url)
        yield running
