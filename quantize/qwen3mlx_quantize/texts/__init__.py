"""Texts for calibration and evaluation: the user's, the model's own, or the built-in ones.

No document serves both; see `splitting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from qwen3mlx.config import model_text
from qwen3mlx.errors import CheckpointError
from qwen3mlx.settings.state import expanded
from qwen3mlx.text import Tokenizer, load_tokenizer

from ..common import ConversionError, TextError
from .splitting import calibrated_with, digest, split, unseen

__all__ = ["calibrated_with", "digest"]

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


@dataclass(frozen=True, slots=True)
class Calibration:
    """The text that calibrates, as token ids; the digests of its documents, and what it holds back.

    `name` says how many documents of which text these are.
    """

    name: str
    documents: list[Sequence[int]]
    digests: frozenset[str] = frozenset()
    held: Text | None = None

    @property
    def num_tokens(self) -> int:
        return sum(map(len, self.documents))


def calibration(source: Path, path: Path | None) -> Calibration:
    """Return three quarters of the text at `path`, else every other built-in text. Raises as
    `evaluation` does.
    """
    text = load(path)
    if path is None:
        used, name, held = text.documents[::2], text.name, None
    else:
        used, kept = split(text.documents)
        counted = f"{len(used)} of the {len(used) + len(kept)} documents"
        name = f"{counted} of {text.name}"
        held = Text(f"the {len(kept)} documents of {text.name} that did not calibrate", kept)
    ids = _token_ids(source, Text(name, used))
    return Calibration(name, ids, frozenset(map(digest, used)), held)


def evaluation(
    reference: Path,
    path: Path | None = None,
    *,
    tokenizer: Path | None = None,
    calibrated: Set[str] = frozenset(),
    held: Text | None = None,
) -> Tokens:
    """Return the text at `path`, else the reference's own `evaluation.txt`, else `held`, else the
    built-in texts that calibrate no model; of each, no document whose digest is in `calibrated`.

    `tokenizer` is the folder that has the tokenizer, by default the reference.

    Raises ConversionError without a tokenizer, CheckpointError for the reference's own text, and
    TextError for the user's, and for one of which nothing is left.
    """
    if path is None and (reference / OWN).exists():
        name = f"the model's own {OWN}"
        text = Text(name, _checked(_documents(_own_text(reference / OWN)), name))
    elif path is None:
        text = held or Text(BUILT_IN, load(None).documents[1::2])
    else:
        text = load(path)
    return Tokens(*_left(text, calibrated, tokenizer or reference))


def _left(text: Text, calibrated: Set[str], tokenizer: Path) -> tuple[str, list[Sequence[int]]]:
    """Return the text's name and token ids without what calibrated. Raises TextError."""
    left, name = unseen(text.documents, calibrated), text.name
    if left != text.documents:
        name += f", without what calibrated ({len(left)} documents)"
    ids = _token_ids(tokenizer, Text(name, left))
    if not ids:
        raise TextError(
            f"Nothing is left of {text.name} without what calibrated the models: use another text, "
            "or a longer one."
        )
    return name, ids


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


def tokenizer(folder: Path) -> Tokenizer:
    """Return the folder's tokenizer. Raises ConversionError if it has none."""
    if not (folder / "tokenizer.json").exists():
        raise ConversionError(
            f"{folder} has no tokenizer.json, which calibration and evaluation need: copy it there "
            "from the original model, or use --method mse without --evaluate."
        )
    return load_tokenizer(folder)


def _token_ids(folder: Path, text: Text) -> list[Sequence[int]]:
    encode = tokenizer(folder).encode
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
