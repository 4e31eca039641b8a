"""A GGUF file's vocabulary and chat template -> tokenizer.json and tokenizer_config.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qwen3mlx.errors import CheckpointError
from qwen3mlx.quoting import quoted
from qwen3mlx.text import load_tokenizer
from qwen3mlx.text.tokenizer_file import SPLITS

Json = dict[str, Any]
# llama.cpp's names of the ways to split words, as the regular expressions that they stand for.
_SPLITS = {
    "qwen2": SPLITS[0],
    "deepseek-r1-qwen": SPLITS[0],
    "qwen35": SPLITS[1],
    "llama3": SPLITS[2],
    "llama-bpe": SPLITS[2],
}
# ggml's types of tokens.
_CONTROL, _USER_DEFINED, _UNUSED = 3, 4, 5
_PREFIX = "tokenizer.ggml."
_TEMPLATE = "tokenizer.chat_template"
_BYTE_LEVEL = {
    "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False,
}  # fmt: skip


def tokenizer_files(metadata: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Return the files' texts by name. Raises CheckpointError if they would not load."""
    tokens, types = _vocabulary(metadata, path)
    files = {
        "tokenizer.json": json_text(_tokenizer(metadata, tokens, types, path)),
        "tokenizer_config.json": json_text(_settings(metadata, tokens)),
    }
    with TemporaryDirectory() as made:
        for name, text in files.items():
            (Path(made) / name).write_text(text, encoding="utf-8")
        try:
            load_tokenizer(Path(made))
        except CheckpointError as error:
            fault = str(error).replace(made, path.name)
            raise CheckpointError(f"The tokenizer in {path} cannot be used: {fault}") from None
    return files


def _vocabulary(metadata: Mapping[str, Any], path: Path) -> tuple[list[str], list[int]]:
    model = metadata.get(f"{_PREFIX}model")
    tokens = metadata.get(f"{_PREFIX}tokens")
    if model != "gpt2" or not isinstance(tokens, list) or not _all(tokens, str):
        raise CheckpointError(
            f"{path} has a tokenizer of the kind {quoted(model)}; a Qwen3's is gpt2, with its "
            "tokens in the file."
        )
    types = metadata.get(f"{_PREFIX}token_type", [1] * len(tokens))
    if not isinstance(types, list) or not _all(types, int) or len(types) != len(tokens):
        raise CheckpointError(f"{path} has {len(tokens):,} tokens and not as many token types.")
    used = [i for i, kind in enumerate(types) if kind != _UNUSED]
    last = max(used, default=-1)  # what follows only fills the matrix
    return tokens[: last + 1], types[: last + 1]


def _tokenizer(
    metadata: Mapping[str, Any], tokens: list[str], types: list[int], path: Path
) -> Json:
    split = _SPLITS.get(str(metadata.get(f"{_PREFIX}pre")))
    if split is None:
        raise CheckpointError(
            f"{path} splits words as {quoted(metadata.get(f'{_PREFIX}pre'))}; known are "
            f"{', '.join(_SPLITS)}."
        )
    merges = metadata.get(f"{_PREFIX}merges")
    if not isinstance(merges, list) or not _all(merges, str):
        raise CheckpointError(f"{path} has no merges of tokens; download it again.")
    added = [i for i, kind in enumerate(types) if kind in (_CONTROL, _USER_DEFINED)]
    apart = set(added)
    own = max((i for i in range(len(tokens)) if i not in apart), default=-1)
    vocab = {token: i for i, token in enumerate(tokens) if i <= own}
    if len(vocab) != own + 1:
        raise CheckpointError(f"{path} lists a token twice; download it again.")
    pattern = {"type": "Split", "pattern": {"Regex": split}, "behavior": "Isolated",
               "invert": False}  # fmt: skip
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(i, tokens[i], types[i]) for i in added],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [pattern, _BYTE_LEVEL]},
        "post_processor": _post_processor(metadata, tokens),
        "decoder": _BYTE_LEVEL,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": [merge.split(" ") for merge in merges],
        },
    }


def _added(token_id: int, content: str, kind: int) -> Json:
    return {
        "id": token_id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": kind == _CONTROL,
    }


def _post_processor(metadata: Mapping[str, Any], tokens: list[str]) -> Json:
    """Return what ends a text with its token, as embedding models do, or what does nothing."""
    end = _token(metadata, "eos", tokens)
    if metadata.get(f"{_PREFIX}add_eos_token") is not True or end is None:
        return _BYTE_LEVEL
    text = [{"Sequence": {"id": name, "type_id": kind}} for kind, name in enumerate("AB")]
    special = {"SpecialToken": {"id": end, "type_id": 0}}
    token_id = metadata[f"{_PREFIX}eos_token_id"]
    return {
        "type": "TemplateProcessing",
        "single": [text[0], special],
        "pair": [text[0], special, text[1], {"SpecialToken": {"id": end, "type_id": 1}}],
        "special_tokens": {end: {"id": end, "ids": [token_id], "tokens": [end]}},
    }


def _settings(metadata: Mapping[str, Any], tokens: list[str]) -> Json:
    settings: Json = {
        "add_bos_token": metadata.get(f"{_PREFIX}add_bos_token") is True,
        "add_prefix_space": False,
        "bos_token": _token(metadata, "bos", tokens),
        "clean_up_tokenization_spaces": False,
        "eos_token": _token(metadata, "eos", tokens),
        "pad_token": _token(metadata, "padding", tokens),
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    templates = _templates(metadata)
    if list(templates) == ["default"]:
        settings["chat_template"] = templates["default"]
    elif templates:
        settings["chat_template"] = [
            {"name": name, "template": text} for name, text in templates.items()
        ]
    return settings


def _templates(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return the chat templates by name; llama.cpp's own one for rerankers is not Jinja."""
    names = {"default": _TEMPLATE, "tool_use": f"{_TEMPLATE}.tool_use"}
    found = {name: metadata.get(key) for name, key in names.items()}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _token(metadata: Mapping[str, Any], name: str, tokens: list[str]) -> str | None:
    token_id = metadata.get(f"{_PREFIX}{name}_token_id")
    if type(token_id) is not int or not 0 <= token_id < len(tokens):
        return None
    return tokens[token_id]


def _all(values: list[Any], kind: type) -> bool:
    return set(map(type, values)) <= {kind}


def json_text(value: Json) -> str:
    """Return a JSON file's text."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
