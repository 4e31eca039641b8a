"""Checkpoints whose tokenizer is broken, odd or ruinous."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import Cases, outside
from .mutations import damaged, fifo, json_bytes, link_to, mutated, odd, read, write_demo

TOKENIZER, CONFIG = "tokenizer.json", "tokenizer_config.json"
# Where each part of a tokenizer stands, and what it may be asked to be.
PATTERNS = ["(a+)+$", "(?:a|a)*b", "(?=.*){64}", "[", "(?<!x+)y", "a{1,9999}", ".*" * 50, ""]
PARTS: dict[str, list[Any]] = {
    "padding": [
        {"strategy": {"Fixed": size}, "direction": side, "pad_to_multiple_of": multiple,
         "pad_id": pad, "pad_type_id": 0, "pad_token": token}
        for size in (0, 8, 10**6, 10**9, 2**63) for side in ("Left", "Right")
        for multiple in (None, 0, 10**8) for pad, token in ((0, "x"), (2**32 - 1, "\0"))
    ],
    "truncation": [
        {"direction": side, "max_length": length, "strategy": strategy, "stride": stride}
        for side in ("Left", "Right") for length in (0, 1, 8, 2**63)
        for strategy in ("LongestFirst", "OnlySecond") for stride in (0, 7, 8, 10**9)
    ],
    "normalizer": [
        {"type": "Replace", "pattern": {"Regex": pattern}, "content": "x" * 100}
        for pattern in PATTERNS
    ] + [
        {"type": "Replace", "pattern": {"String": "e"}, "content": "e" * 100_000},
        {"type": "Prepend", "prepend": "x" * 1_000_000},
        {"type": "Sequence", "normalizers": [
            {"type": "Replace", "pattern": {"String": "e"}, "content": "ee"}] * 40},
        {"type": "Precompiled", "precompiled_charsmap": "AAAAAAAA"},
        {"type": "Strip"}, {"type": "Nonsense"},
    ],
    "pre_tokenizer": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behaviour, "invert": invert}
        for pattern in PATTERNS for behaviour in ("Isolated", "Removed", "MergedWithNext")
        for invert in (False, True)
    ] + [{"type": "Sequence", "pretokenizers": []}, {"type": "Digits"}, {"type": "Nonsense"}],
    "post_processor": [
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "no", "type_id": 0}}],
         "pair": [], "special_tokens": {}},
        {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}] * 5_000,
         "pair": [], "special_tokens": {}},
        {"type": "BertProcessing", "sep": ["x", 10**9], "cls": ["y", 2**32 - 1]},
    ],
    "decoder": [
        {"type": "WordPiece", "prefix": "x" * 10_000, "cleanup": True},
        {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "y" * 10_000},
        {"type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": True},
        {"type": "Sequence", "decoders": []}, None,
    ],
}  # fmt: skip


def cases(rng: random.Random) -> Cases:
    makers: list[Callable[[random.Random], tuple[str, dict[str, Any]]]] = [
        _part, _part, _mutated, _mutated, _model, _added, _config, _damaged,
    ]  # fmt: skip
    while True:
        maker = rng.choice(makers)
        name, files = maker(rng)
        yield name, partial(write_demo, files=files)
        if rng.random() < 0.05:
            yield _link(rng)


def _part(rng: random.Random) -> tuple[str, dict[str, Any]]:
    tokenizer = read(TOKENIZER)
    names = rng.sample(list(PARTS), rng.choice([1, 1, 2]))
    for name in names:
        tokenizer[name] = rng.choice(PARTS[name])
    return f"tokenizer: {' and '.join(names)}", {TOKENIZER: json_bytes(rng, tokenizer)}


def _mutated(rng: random.Random) -> tuple[str, dict[str, Any]]:
    tokenizer = mutated(rng, read(TOKENIZER), rng.choice([1, 1, 2, 5]))
    return "tokenizer: mutated", {TOKENIZER: json_bytes(rng, tokenizer)}


def _model(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Return its vocabulary and merges."""
    tokenizer = read(TOKENIZER)
    model = tokenizer["model"]
    vocab, merges = model["vocab"], model["merges"]
    token = rng.choice(list(vocab))
    changes: dict[str, Callable[[], object]] = {
        "id out of range": lambda: vocab.update({token: rng.choice([2**32 - 1, 10**7, 2**40])}),
        "id twice": lambda: vocab.update({token: 0}),
        "token gone": lambda: vocab.pop(token),
        "no vocabulary": vocab.clear,
        "long token": lambda: vocab.update({"x" * 1_000_000: len(vocab)}),
        "many tokens": lambda: vocab.update({f"t{i}": len(vocab) + i for i in range(300_000)}),
        "merge of nothing": lambda: merges.append(["no", "such"]),
        "odd merge": lambda: merges.append(odd(rng)),
        "no merges": merges.clear,
        "other kind": lambda: model.update(type=rng.choice(["WordPiece", "Unigram", "WordLevel"])),
        "dropout": lambda: model.update(dropout=rng.choice([0.5, 1.0, 2.0, float("nan")])),
        "unknown token": lambda: model.update(unk_token="\0", byte_fallback=True, fuse_unk=True),
        "prefixes": lambda: model.update(continuing_subword_prefix="x" * 1_000),
    }
    name = rng.choice(list(changes))
    changes[name]()
    return f"tokenizer: {name}", {TOKENIZER: json_bytes(rng, tokenizer)}


def _added(rng: random.Random) -> tuple[str, dict[str, Any]]:
    tokenizer = read(TOKENIZER)
    token = {"id": 1975, "content": "<|x|>", "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": True}  # fmt: skip
    tokens = tokenizer["added_tokens"]
    changes: list[Callable[[], object]] = [
        tokens.clear,
        lambda: tokens.append({**token, "content": ""}),
        lambda: tokens.append({**token, "id": rng.choice([0, 10**9, 2**32 - 1, -1, 2**33])}),
        lambda: tokens.extend(
            {**token, "id": 2_000 + i, "content": f"<{i}>"} for i in range(50_000)
        ),
        lambda: tokens.append({**token, "content": " ", "lstrip": True, "rstrip": True}),
        lambda: tokens.append({**token, "content": "e", "normalized": True}),
        lambda: tokens.append({**token, "content": "x" * 500_000}),
        lambda: tokens.extend(mutated(rng, tokens)),
    ]
    rng.choice(changes)()
    return "tokenizer: added tokens", {TOKENIZER: json_bytes(rng, tokenizer)}


def _config(rng: random.Random) -> tuple[str, dict[str, Any]]:
    value = mutated(rng, read(CONFIG), rng.choice([1, 2, 5]))
    return "tokenizer_config: mutated", {CONFIG: json_bytes(rng, value)}


def _damaged(rng: random.Random) -> tuple[str, dict[str, Any]]:
    name = rng.choice([TOKENIZER, CONFIG])
    return f"{name}: damaged", {name: damaged(rng, json_bytes(rng, read(name)))}


def _link(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    name = rng.choice([TOKENIZER, CONFIG, "vocab.json", "merges.txt"])

    def write(folder: Path) -> None:
        targets = [outside(folder) / "letter.txt", Path("/dev/zero"), folder, folder / name]
        what = rng_of_case.choice([*map(link_to, targets), fifo, Path.mkdir])
        write_demo(folder, {name: what})

    rng_of_case = random.Random(rng.random())
    return f"{name}: no file", write
