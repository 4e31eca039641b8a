"""Texts for calibration and evaluation: the user's, the model's own, or the built-in ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from qwen3mlx.config import model_text
from qwen3mlx.errors import CheckpointError
from qwen3mlx.settings.state import expanded
from qwen3mlx.text import load_tokenizer

from ..common import ConversionError, TextError

# A checkpoint's own evaluation text, for a model that knows only one kind of text.
OWN = "evaluation.txt"
BUILT_IN = "qwen3mlx's built-in texts"
# Tokens to compute at once.
LONGEST = 512
# The fewest characters, as less says little about a model, and the most bytes, as more takes hours.
LEAST, LARGEST = 200, 16 << 20
_SUFFIXES = (".txt", ".md", ".py", ".json", ".jsonl", ".html", ".rst", ".js", ".ts", ".c", ".swift")


@dataclass(frozen=True, slots=True)
class Text:
    """Documents, and the text's name in tables and model cards."""

    name: str
    documents: list[str]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The documents of the text `name` as token ids, in pieces of two to LONGEST."""

    name: str
    documents: list[Sequence[int]]


def evaluation(
    reference: Path, path: Path | None = None, *, tokenizer: Path | None = None
) -> Tokens:
    """Return the text at `path`, else the reference's own `evaluation.txt`, else the built-in
    texts.

    `tokenizer` is the folder that has the tokenizer, by default the reference.

    Raises ConversionError without a tokenizer, CheckpointError for the reference's own text, and
    TextError for the user's.
    """
    if path is None and (reference / OWN).exists():
        name = f"the model's own {OWN}"
        text = Text(name, _checked(_documents(_own_text(reference / OWN)), name))
    else:
        text = load(path)
    return Tokens(text.name, _token_ids(tokenizer or reference, text))


def calibration(source: Path, path: Path | None) -> list[Sequence[int]]:
    """Return token ids of the text at `path`, else of the built-in texts. Raises as `evaluation`
    does.
    """
    return _token_ids(source, load(path))


def load(path: Path | None) -> Text:
    """Read the text at `path`, a file or a folder. Raises TextError if there is none, or too
    little.
    """
    if path is None:
        files = sorted(
            (f for f in resources.files(__package__).iterdir() if f.name.endswith(".txt")),
            key=lambda f: f.name,
        )
        parts = [d for f in files for d in _documents(f.read_text(encoding="utf-8"))]
        return Text(BUILT_IN, parts)
    texts = [_read(file) for file in _files(expanded(path))]
    return Text(
        path.name or "a text",
        _checked([document for text in texts for document in _documents(text)], str(path)),
    )


def chunks(ids: Sequence[int], length: int = LONGEST) -> Iterator[Sequence[int]]:
    """Split a long document into pieces to compute at once."""
    for start in range(0, len(ids), length):
        if len(piece := ids[start : start + length]) > 1:
            yield piece


def _token_ids(folder: Path, text: Text) -> list[Sequence[int]]:
    if not (folder / "tokenizer.json").exists():
        raise ConversionError(
            f"{folder} has no tokenizer.json, which calibration and evaluation need: copy it there "
            "from the original model, or use --method mse without --evaluate."
        )
    encode = load_tokenizer(folder).encode
    return [piece for document in text.documents for piece in chunks(encode(document))]


def _own_text(path: Path) -> str:
    try:
        return model_text(path, largest=LARGEST)
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path} is not readable text: {error}.") from None


def _checked(documents: list[str], name: str) -> list[str]:
    num_characters = sum(map(len, documents))
    if num_characters < LEAST:
        raise TextError(
            f"{name} has {num_characters} characters of text: at least {LEAST} are needed, and "
            "some ten thousand are better."
        )
    return documents


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise TextError(f"There is no {path}: name a text file, or a folder of text files.")
    return sorted(f for f in path.rglob("*") if f.is_file() and f.suffix in _SUFFIXES)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"{file} is not readable text: {error}.") from None


def _documents(text: str) -> list[str]:
    """Return the parts between lines of `---`."""
    parts = [part.strip() for part in text.split("\n---\n")]
    return [part for part in parts if part]
