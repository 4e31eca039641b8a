"""Read a checkpoint folder's tokenizer files into the `tokenizers` library's object.

Only data is read from tokenizer.json: vocabulary, merges, added tokens, and which of the known word
splits it uses. The library would run any normalizer and any regular expression in the file, which
could take forever or crash the thread, and would truncate or pad texts as the file says.

Most models of the family have the same file, which takes a second and 35 MB: those that are in
memory at the same time share what was read from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from operator import eq
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from qwen3mlx.config import json_text, model_text, parse_json_object, read_json
from qwen3mlx.errors import CheckpointError

from ..quoting import quoted
from . import byte_level
from .collector import collector_paused

if TYPE_CHECKING:
    from tokenizers import AddedToken
    from tokenizers import Tokenizer as Backend
    from tokenizers.pre_tokenizers import PreTokenizer

_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN_SPLIT = rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|{_WORD}|\p{{N}}|{_REST}"
# How texts are split before BPE: as in Qwen2 and Qwen3, Qwen3.5, or Llama 3, which some distilled
# models use. All take linear time.
SPLITS = (
    QWEN_SPLIT,
    QWEN_SPLIT.replace(r"\p{L}+", r"[\p{L}\p{M}]+").replace(
        r"[^\s\p{L}\p{N}]", r"[^\s\p{L}\p{M}\p{N}]"
    ),
    QWEN_SPLIT.replace(r"|\p{N}|", r"|\p{N}{1,3}|"),
)
# Bytes; Qwen3's tokenizer.json has 11 MB. Parsing JSON holds the interpreter lock.
LARGEST = 24 << 20
_NORMALIZERS = ("NFC", "NFD", "NFKC", "NFKD")
# Far above released checkpoints, and far below what takes seconds.
_MAX_ID = 2**24
_MAX_STEPS = 16
# Per token; Llama 3 has two, most models have one.
_MAX_MERGES = 4
_MAX_ADDED_LENGTH = 128
_MAX_ADDED_CHARACTERS = 2**19


class Vocabulary:
    """What tokenizer.json says, and no model changes.

    `longest` is the length of its longest token in bytes. `cuts_words` means that it splits texts
    into words before looking for tokens, and changes them only as NFC does. `end_tokens` are those
    that it adds to the end of a text. `backend` lacks the `added` tokens.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.backend = _built(content)
        self.added = _added(content)
        self.longest = max(map(len, content["model"]["vocab"]))
        self.cuts_words = _cuts_words(content)
        self.end_tokens = tuple(_end_tokens(content.get("post_processor")))


# By the digest of the files.
_in_memory: WeakValueDictionary[bytes, Vocabulary] = WeakValueDictionary()


class TokenizerFile(NamedTuple):
    """The library's object for the files at `path`; `longest` counts its added tokens, too."""

    path: Path
    backend: Backend
    longest: int
    vocabulary: Vocabulary


def load_tokenizer_file(folder: Path, config: Mapping[str, Any]) -> TokenizerFile:
    """Load tokenizer.json, or else vocab.json + merges.txt; `config` is tokenizer_config.json.

    Raises CheckpointError, which names the file, if it is missing, broken, or not possible for a
    Qwen3.
    """
    with collector_paused:
        return _loaded(folder, config)


def _loaded(folder: Path, config: Mapping[str, Any]) -> TokenizerFile:
    path = folder / "tokenizer.json"
    if not path.is_file():
        if not ((folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()):
            raise CheckpointError(
                f"{path} is missing, but every checkpoint needs it; download the model again."
            )
        path = folder / "vocab.json"
    with faults_as_errors(path):
        vocabulary = _vocabulary(path)
        backend = _like(vocabulary.backend)
        _add_tokens(backend, vocabulary.added, path)
    place = folder / "tokenizer_config.json"
    with faults_as_errors(place):
        _add_tokens(backend, _declared_tokens(folder, config), place)
    names = (token.content.encode() for token in backend.get_added_tokens_decoder().values())
    longest = max(vocabulary.longest, *map(len, names), 0)
    return TokenizerFile(path, backend, longest, vocabulary)


def _vocabulary(path: Path) -> Vocabulary:
    """Return what `path` says, from memory if a model there has the same file."""
    texts = [json_text(path, largest=LARGEST)]
    if path.name != "tokenizer.json":
        texts.append(model_text(path.with_name("merges.txt")))
    digest = hashlib.sha256("\0".join(texts).encode()).digest()
    found = _in_memory.get(digest)
    if found is None:
        found = _in_memory[digest] = Vocabulary(_content(path, *texts))
    return found


def _end_tokens(processor: Any) -> Iterator[str]:
    """Yield the tokens after the text in the template of a post-processor, or of one inside it."""
    if not isinstance(processor, Mapping):
        return
    inner = processor.get("processors")
    for each in inner[:_MAX_STEPS] if isinstance(inner, list) else ():
        if isinstance(each, Mapping) and "processors" not in each:
            yield from _end_tokens(each)
    template = processor.get("single")
    pieces = template[:_MAX_STEPS] if isinstance(template, list) else ()
    is_after = False
    for piece in pieces:
        token = piece.get("SpecialToken") if isinstance(piece, Mapping) else None
        if token is None:
            is_after = True
        elif is_after and isinstance(token, Mapping) and isinstance(token.get("id"), str):
            yield token["id"]


def without_tokens(
    backend: Backend, left_out: Collection[int]
) -> tuple[Backend, dict[int | None, int]]:
    """Return a tokenizer that reads these added tokens as plain text, and is otherwise identical.

    It costs neither time nor memory. The remaining added tokens get
    ids of its own; the second value maps those to the ids of `backend`.
    """
    other = _like(backend)
    renumbered: dict[int | None, int] = {}
    for token_id, token in sorted(backend.get_added_tokens_decoder().items()):
        if token_id not in left_out:
            other.add_tokens([token])
            renumbered[other.token_to_id(token.content)] = token_id
    return other, renumbered


def _like(backend: Backend) -> Backend:
    """Return a tokenizer without added tokens that shares the vocabulary of `backend`."""
    from tokenizers import Tokenizer as Backend

    other = Backend(backend.model)
    other.normalizer = backend.normalizer
    other.pre_tokenizer = backend.pre_tokenizer
    other.decoder = backend.decoder
    return other


@contextmanager
def faults_as_errors(path: Path) -> Iterator[None]:
    """Raise faults of the tokenizer in `path` as CheckpointError.

    The library raises a bare Exception, or panics, which is a BaseException.
    """
    try:
        yield
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f"{path} is not a usable tokenizer: {_one_line(error)}.") from None
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        what = f"{type(error).__name__}: {_one_line(error)}"
        raise CheckpointError(f"{path} is not a usable tokenizer ({what}).") from None


def _content(path: Path, text: str, merges: str | None = None) -> dict[str, Any]:
    """Return the content of tokenizer.json, or its equivalent from vocab.json and merges.txt."""
    content = parse_json_object(text, path)
    if merges is None:
        return content
    split = {"type": "Split", "pattern": {"Regex": QWEN_SPLIT}, "behavior": "Isolated"}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    return {
        "added_tokens": [],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "decoder": {"type": "ByteLevel"},
        "model": {
            "vocab": content,
            "merges": [
                line for line in merges.splitlines() if line and not line.startswith("#version")
            ],
        },
    }


def _built(content: Mapping[str, Any]) -> Backend:
    """Build the tokenizer. Raises ValueError for anything that a Qwen3 tokenizer does not have."""
    from tokenizers import Tokenizer as Backend
    from tokenizers import decoders, models, normalizers, pre_tokenizers

    if _kind(content.get("decoder")) != "ByteLevel":
        raise ValueError("it is not a byte-level tokenizer, as Qwen3's are")
    model = content.get("model")
    if not isinstance(model, Mapping) or model.get("type", "BPE") != "BPE":
        raise ValueError(f"its model is {quoted(_kind(model))}; Qwen3's is BPE")
    vocab = _vocab(model)
    backend = Backend(
        models.BPE(
            vocab=vocab,
            merges=_merges(model, vocab),
            ignore_merges=model.get("ignore_merges") is True,
        )
    )
    forms = [getattr(normalizers, name)() for name in _normalizers(content.get("normalizer"))]
    if forms:
        backend.normalizer = normalizers.Sequence(forms)
    *splits, last = _steps(content.get("pre_tokenizer"), "pretokenizers") or [None]
    if _kind(last) != "ByteLevel" or last.get("add_prefix_space") is True:
        raise ValueError("its pre_tokenizer does not end with ByteLevel, as Qwen3's do")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=_by_regex(last))
    backend.pre_tokenizer = pre_tokenizers.Sequence([*map(_splitting, splits), to_bytes])
    backend.decoder = decoders.ByteLevel()
    return backend


def _kind(part: Any) -> Any:
    return part.get("type") if isinstance(part, Mapping) else part


def _steps(part: Any, name: str) -> list[Any]:
    """Return the step itself, or the steps that a Sequence joins under `name`."""
    if part is None:
        return []
    steps = part[name] if _kind(part) == "Sequence" else [part]
    if not isinstance(steps, list) or len(steps) > _MAX_STEPS:
        raise ValueError(f"{name} is not a list of at most {_MAX_STEPS} steps")
    return steps


def _normalizers(part: Any) -> list[str]:
    kinds = [_kind(step) for step in _steps(part, "normalizers")]
    for kind in kinds:
        if kind not in _NORMALIZERS:
            raise ValueError(f"its normalizer is {quoted(kind)}; Qwen3's is NFC")
    return kinds


def _splitting(step: Any) -> PreTokenizer:
    from tokenizers import Regex, pre_tokenizers

    kind = _kind(step)
    if kind == "Digits":
        return pre_tokenizers.Digits(individual_digits=step.get("individual_digits") is True)
    if kind != "Split":
        raise ValueError(f"its pre_tokenizer has a step {quoted(kind)}, which no Qwen3 has")
    pattern = step.get("pattern")
    regex = pattern.get("Regex") if isinstance(pattern, Mapping) else None
    if regex not in SPLITS or step.get("behavior") != "Isolated" or step.get("invert"):
        raise ValueError(f"its pre_tokenizer splits by {quoted(pattern)}, which no Qwen3 does")
    return pre_tokenizers.Split(Regex(regex), behavior="isolated")


def _by_regex(byte_level_step: Mapping[str, Any]) -> bool:
    """Whether it splits by GPT-2's pattern."""
    return byte_level_step.get("use_regex", True) is True


def _cuts_words(content: Mapping[str, Any]) -> bool:
    *splits, last = _steps(content.get("pre_tokenizer"), "pretokenizers")
    splits_words = _by_regex(last) or any(_kind(split) == "Split" for split in splits)
    return splits_words and set(_normalizers(content.get("normalizer"))) <= {"NFC"}


def _vocab(model: Mapping[str, Any]) -> dict[str, int]:
    for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(name):
            raise ValueError(f"{name} is {quoted(model[name])}, but Qwen3 has none")
    vocab = model.get("vocab")
    if not isinstance(vocab, dict):
        raise ValueError("its model has no vocab")
    ids = set(vocab.values())
    in_range = set(map(type, ids)) == {int} and min(ids) >= 0 and max(ids) < _MAX_ID
    if not in_range or len(ids) < len(vocab):
        raise ValueError("the ids of its vocab must be distinct integers from 0")
    if missing := [character for character in byte_level.ALPHABET if character not in vocab]:
        raise ValueError(f"its vocab lacks {len(missing)} of the 256 bytes")
    return vocab


def _merges(model: Mapping[str, Any], vocab: Mapping[str, int]) -> list[tuple[Any, ...]]:
    merges = model.get("merges")
    if not isinstance(merges, list):
        raise ValueError("its model has no merges")
    if len(merges) > _MAX_MERGES * len(vocab):
        raise ValueError(f"its model has {len(merges):,} merges for {len(vocab):,} tokens")
    if str in set(map(type, merges)):
        merges = [merge.split(" ") if type(merge) is str else merge for merge in merges]
    pairs = list(map(tuple, merges))
    # The library panics if the result is longer than its longest token.
    # Released vocabularies list the results in their order, behind the bytes.
    listed = islice(vocab, len(byte_level.ALPHABET), None)
    in_order = len(byte_level.ALPHABET) + len(pairs) <= len(vocab)
    if in_order and all(map(eq, map("".join, pairs), listed)):
        return pairs
    if without := set(map("".join, pairs)) - vocab.keys():
        raise ValueError(f"its vocab lacks {quoted(min(without))}, which a merge produces")
    return pairs


def _declared_tokens(folder: Path, config: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the tokens listed only in the configuration or in the older added_tokens.json."""
    declared = config.get("added_tokens_decoder")
    older = folder / "added_tokens.json"
    try:
        if declared is None and older.is_file():
            return {int(value): {"content": key} for key, value in read_json(older).items()}
        return {int(key): {**entry} for key, entry in (declared or {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder}: broken list of added tokens ({error}).") from None


def _added(content: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    tokens = content.get("added_tokens")
    if not isinstance(tokens, list):
        raise ValueError("its added_tokens is not a list")
    return {int(token["id"]): token for token in tokens}


def _add_tokens(backend: Backend, tokens: Mapping[int, Mapping[str, Any]], place: Path) -> None:
    """Add the tokens of `place` that are missing; each must get the id it is listed with."""
    lengths = [len(entry["content"]) for entry in tokens.values()]
    if max(lengths, default=0) > _MAX_ADDED_LENGTH or sum(lengths) > _MAX_ADDED_CHARACTERS:
        raise CheckpointError(
            f"{place} has added tokens of {sum(lengths)} characters; the limit is "
            f"{_MAX_ADDED_CHARACTERS}, and {_MAX_ADDED_LENGTH} per token."
        )
    known = {token.content for token in backend.get_added_tokens_decoder().values()}
    for token_id, entry in sorted(tokens.items()):
        content = entry["content"]
        if content in known:
            continue
        backend.add_tokens([_added_token(entry)])
        if backend.token_to_id(content) != token_id:
            raise CheckpointError(
                f"{place} gives {quoted(content)} the id {token_id}, which does not follow the "
                "vocabulary."
            )


def _added_token(entry: Mapping[str, Any]) -> AddedToken:
    from tokenizers import AddedToken

    flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return AddedToken(entry["content"], **{flag: bool(entry.get(flag, False)) for flag in flags})


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
