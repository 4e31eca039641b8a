"""Texts to calibrate with and to measure on: the user's, or a small set of our own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from qwen3mlx.settings.state import expanded

from ..common import TextError

# Tokens that are computed at once.
LONGEST = 512
# Characters: less says nothing about a model.
LEAST = 200
_SUFFIXES = (".txt", ".md", ".py", ".json", ".jsonl", ".html", ".rst", ".js", ".ts", ".c", ".swift")


def load(path: Path | None) -> list[str]:
    """Documents. Raises TextError where there is no text, or too little."""
    if path is None:
        files = sorted(
            (f for f in resources.files(__package__).iterdir() if f.name.endswith(".txt")),
            key=lambda f: f.name,
        )
        return [d for f in files for d in _documents(f.read_text(encoding="utf-8"))]
    texts = [_read(file) for file in _files(expanded(path))]
    documents = [document for text in texts for document in _documents(text)]
    if sum(map(len, documents)) < LEAST:
        raise TextError(
            f"{path} has {sum(map(len, documents))} characters of text: give at least {LEAST}, "
            "better some ten thousand."
        )
    return documents


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise TextError(f"There is no {path}: name a text file, or a folder of them.")
    return sorted(f for f in path.rglob("*") if f.is_file() and f.suffix in _SUFFIXES)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"{file} is not readable text: {error}.") from None


def _documents(text: str) -> list[str]:
    """Parts between lines of `---`; one where there are none."""
    parts = [part.strip() for part in text.split("\n---\n")]
    return [part for part in parts if part]
