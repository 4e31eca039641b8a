from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen3mlx.library import DEMOS
from tests.support.checkpoints import Shape, write_checkpoint
from tests.support.places import IMPORT_PATH
from tests.text.support import write_tiny_tokenizer

COMMAND = (sys.executable, "-m", "qwen3mlx")


@pytest.fixture(scope="session")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with random weights and no token that ends an answer: it talks until stopped."""
    folder = write_checkpoint(tmp_path_factory.mktemp("endless"), Shape(vocab_size=261))
    write_tiny_tokenizer(folder)
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text("utf-8"))
    for token in tokenizer["added_tokens"]:
        token["content"] = token["content"].replace("<|im_end|>", "<|end|>")
        token["content"] = token["content"].replace("<|endoftext|>", "<|eot|>")
    path.write_text(json.dumps(tokenizer), "utf-8")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config.pop("eos_token_id", None)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return str(folder)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a child process: its own state folder, its own cache, a plain terminal."""
    return os.environ | {
        "QWEN3MLX_HOME": str(tmp_path / "home"),
        "HF_HOME": str(tmp_path / "huggingface"),
        "TERM": "xterm-256color",
        "COLUMNS": "100",
        "PYTHONPATH": IMPORT_PATH,
    }


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder and a Hugging Face cache of the test's own; the snapshot of org/model in it.

    It is the demo model, its files linked from `blobs` as Hugging Face programs leave them.
    """
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "huggingface" / "hub"))
    repository = tmp_path / "huggingface" / "hub" / "models--org--model"
    shutil.copytree(DEMOS["demo"], repository / "blobs")
    snapshot = repository / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    for blob in (repository / "blobs").iterdir():
        (snapshot / blob.name).symlink_to(blob)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name)
    return snapshot


class Serve:
    """`qwen3mlx serve` as a process, ready when this returns; `url` is what it printed."""

    def __init__(self, home: Path, *arguments: str, environment: dict[str, str] | None = None):
        self._log = open(home / "serve.log", "w+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=os.environ
            | {"QWEN3MLX_HOME": str(home), "HF_HOME": str(home / "hf"), "PYTHONPATH": IMPORT_PATH}
            | (environment or {}),
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.url = json.loads(self.line)["url"] if self.line else ""

    def log(self) -> str:
        """Return what the process has written to stderr so far."""
        self._log.seek(0)
        return self._log.read()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit code, and what it printed after the first line."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.wait()
        self._log.close()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A server that all tests share: its model is demo, its API key `secret`."""
    home = tmp_path_factory.mktemp("endpoint")
    serve = Serve(home, "--model", "demo", environment={"QWEN3MLX_API_KEY": "secret"})
    yield serve
    serve.close()


@pytest.fixture
def free_port() -> int:
    """Return an unused port, for a server that cannot report the one it chose."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
