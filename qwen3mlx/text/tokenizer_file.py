"""A checkpoint folder's tokenizer files -> the `tokenizers` library's object."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen3mlx.config import model_file, read_json
from qwen3mlx.errors import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

# How Qwen2 and Qwen3 split text before BPE, for checkpoints that ship vocab.json + merges.txt only.
_QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def load_backend(folder: Path, config: Mapping[str, Any]) -> Backend:
    """From tokenizer.json, else vocab.json + merges.txt; `config` is tokenizer_config.json.

    Raises `CheckpointError` naming the file: missing, broken, or not a byte-level BPE.
    """
    path = folder / "tokenizer.json"
    if path.is_file():
        backend = _from_json(path)
    elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        backend = _from_vocabulary(folder)
    else:
        raise CheckpointError(
            f"{path} is missing: a checkpoint needs it; download the model again."
        )
    _add_tokens(backend, folder, config)
    return backend


def without_tokens(
    backend: Backend, left_out: Collection[int]
) -> tuple[Backend, dict[int | None, int]]:
    """What reads text alike, but for these added tokens, which are no tokens to it.

    It shares the vocabulary, which costs neither time nor memory. The other added tokens have ids
    of its own: the second value leads from those to the ids of `backend`.
    """
    from tokenizers import Tokenizer as Backend

    other = Backend(backend.model)
    other.normalizer = backend.normalizer
    other.pre_tokenizer = backend.pre_tokenizer
    renumbered: dict[int | None, int] = {}
    for token_id, token in sorted(backend.get_added_tokens_decoder().items()):
        if token_id not in left_out:
            other.add_tokens([token])
            renumbered[other.token_to_id(token.content)] = token_id
    return other, renumbered


def _from_json(path: Path) -> Backend:
    from tokenizers import Tokenizer as Backend
    from tokenizers.decoders import ByteLevel

    model_file(path)
    try:
        backend = Backend.from_file(str(path))
    # The library raises a bare Exception for everything that is wrong with the file.
    except Exception as error:
        raise CheckpointError(f"{path} is not a usable tokenizer ({_one_line(error)}).") from None
    if not isinstance(backend.decoder, ByteLevel):
        raise CheckpointError(f"{path} is not a byte-level tokenizer; those of Qwen3 are.")
    return backend


def _from_vocabulary(folder: Path) -> Backend:
    from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers
    from tokenizers import Tokenizer as Backend

    vocab, merges = model_file(folder / "vocab.json"), model_file(folder / "merges.txt")
    try:
        model = models.BPE.from_file(str(vocab), str(merges))
    except Exception as error:
        reason = _one_line(error)
        raise CheckpointError(
            f"{vocab} and {merges} are no usable vocabulary ({reason})."
        ) from None
    backend = Backend(model)
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    return backend


def _add_tokens(backend: Backend, folder: Path, config: Mapping[str, Any]) -> None:
    """Added tokens that only the configuration (or the older added_tokens.json) knows."""
    from tokenizers import AddedToken

    for token_id, entry in sorted(_declared_tokens(folder, config).items()):
        if backend.token_to_id(entry["content"]) is not None:
            continue
        flags = {
            key: bool(entry.get(key, False))
            for key in ("single_word", "lstrip", "rstrip", "normalized", "special")
        }
        backend.add_tokens([AddedToken(entry["content"], **flags)])
        if backend.token_to_id(entry["content"]) != token_id:
            raise CheckpointError(
                f"{folder / 'tokenizer_config.json'} gives {entry['content']!r} the id {token_id}, "
                f"which does not follow the vocabulary."
            )


def _declared_tokens(folder: Path, config: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    declared = config.get("added_tokens_decoder")
    older = folder / "added_tokens.json"
    try:
        if declared is None and older.is_file():
            return {int(value): {"content": str(key)} for key, value in read_json(older).items()}
        return {
            int(key): {**entry, "content": str(entry["content"])}
            for key, entry in (declared or {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder}: broken list of added tokens ({error}).") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
