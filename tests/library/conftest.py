from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it: no LM Studio, no settings, no Hugging Face cache."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path
