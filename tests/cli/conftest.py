from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.checkpoints import Shape, write_checkpoint
from tests.text.support import write_tiny_tokenizer

COMMAND = (sys.executable, "-m", "qwen3mlx")
ROOT = Path(__file__).parents[2]


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
        "PYTHONPATH": str(ROOT),
    }
