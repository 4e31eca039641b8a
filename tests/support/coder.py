"""A checkpoint's files with a chat template that writes calls as Qwen3-Coder's does."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from qwen3mlx.text import Tokenizer, load_tokenizer

from .checkpoints import copy_qwen3_tokenizer

TEMPLATE = Path(__file__).parents[1] / "data" / "text" / "coder_chat_template.jinja"


def add_coder_template(folder: Path) -> Path:
    shutil.copy(TEMPLATE, folder / "chat_template.jinja")
    return folder


@cache
def coder_tokenizer() -> Tokenizer:
    """Qwen3's tokenizer with that template."""
    with tempfile.TemporaryDirectory() as name:
        copy_qwen3_tokenizer(Path(name))
        tokenizer = load_tokenizer(add_coder_template(Path(name)))
        assert tokenizer.call_format == "xml"  # reads the template before the folder is gone
        tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tools=[{"name": "f"}])
        return tokenizer
