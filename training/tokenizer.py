"""A byte-level BPE tokenizer in which unknown words become single letters.

Whole words of the scaffolding (template, schemas, fixed answers) are one token each. Every other
word has no merges among ASCII letters, so it consists of its letters: spelling and copying an
unknown name are then the same easy operation. Merges only build multi-byte characters.

A run uses the demo's tokenizer. `python -m training.tokenizer` makes a new one from the current
recipe; both models must then be trained from scratch.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from tokenizers import Tokenizer

from training.conversations import conversation
from training.lexicon import COMMON_WORDS
from training.paths import DEMO, TEMPLATE
from training.skills.phrases import ENGLISH, OTHER_LANGUAGES

VOCAB_SIZE = 1984
SAMPLED_CONVERSATIONS = 30_000
PLURAL_LETTER = re.compile(r"(?!as|is|us)[a-zA-Z]s")
CONTENT_WORD_SHARE = 0.015
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MARKERS = (
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
)
CONTEXT = 4096
MARKER = re.compile("|".join(re.escape(marker) for marker in SPECIAL + MARKERS))
PRE_TOKENS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)
EXTRA_CHARACTERS = (
    "áàâäãåæçéèêëíìîïñóòôöõøœúùûüýßÁÀÂÄÉÈÊÍÑÓÖÚÜÇ¿¡«»–—…“”‘’€£°×÷·•✓→"
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ"
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةأإآىئء"
)


def _byte_map() -> dict[int, str]:
    """Return GPT-2's printable stand-ins for bytes, as ByteLevel uses them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in table]
    table.update({byte: chr(256 + index) for index, byte in enumerate(others)})
    return dict(sorted(table.items()))


BYTES = _byte_map()


def _stand_in(text: str) -> str:
    return "".join(BYTES[byte] for byte in text.encode())


def _pipeline(vocab: dict[str, int], merges: list[tuple[str, str]]) -> dict[str, Any]:
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    split = {
        "type": "Split",
        "pattern": {"Regex": PRE_TOKENS},
        "behavior": "Isolated",
        "invert": False,
    }
    added = [
        {
            "id": len(vocab) + index,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": content in SPECIAL,
        }
        for index, content in enumerate(SPECIAL + MARKERS)
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": vocab,
            "merges": [list(pair) for pair in merges],
        },
    }


def _character_merges(characters: Iterable[str]) -> list[tuple[str, str]]:
    """Build each character from its bytes, left to right."""
    merges: dict[tuple[str, str], None] = {}
    for char in characters:
        parts = _stand_in(char)
        for end in range(1, len(parts)):
            merges[parts[:end], parts[end]] = None
    return list(merges)


def _is_scaffolding(token: str, share: float) -> bool:
    """Keep letters single, also after a space or a dash, so that spelled text has only bare
    letters.

    A word that serves as content is a token only if it is far more frequent than content words.
    """
    bare = token if token[0].isalnum() and token[0].isascii() else token[1:]
    if (len(bare) == 1 and bare.isalnum()) or PLURAL_LETTER.fullmatch(bare):
        return False
    return len(token) > 1 and (bare.lower() not in COMMON_WORDS or share > CONTENT_WORD_SHARE)


def build(sampled: int = SAMPLED_CONVERSATIONS, seed: int = 0) -> Tokenizer:
    """Count pre-tokens in training conversations; the most frequent become tokens."""
    rng = Random(seed)
    base = Tokenizer.from_str(
        json.dumps(_pipeline({c: i for i, c in enumerate(BYTES.values())}, []))
    )
    split = base.pre_tokenizer
    assert split is not None
    counts: Counter[str] = Counter()
    for _ in range(sampled):
        text = "".join(piece.text for piece in conversation(rng))
        for stretch in MARKER.split(text):
            counts.update(token for token, _ in split.pre_tokenize_str(stretch))
    phrases = "".join(t.answer + "".join(t.prompts) for t in ENGLISH + OTHER_LANGUAGES)
    characters = sorted({c for c in phrases + EXTRA_CHARACTERS if ord(c) > 127})
    merges = _character_merges(characters)
    vocab = {c: i for i, c in enumerate(BYTES.values())}
    for left, right in merges:
        vocab.setdefault(left + right, len(vocab))
    room = VOCAB_SIZE - len(SPECIAL) - len(MARKERS)
    for token, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(vocab) == room:
            break
        if _is_scaffolding(token, count / sampled):
            vocab.setdefault(token, len(vocab))
    return Tokenizer.from_str(json.dumps(_pipeline(vocab, merges)))


def config() -> dict[str, Any]:
    """Return tokenizer_config.json; the chat template is in its own file beside it."""
    return {
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": CONTEXT,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": None,
        "chat_template": TEMPLATE.read_text(encoding="utf-8"),
    }


def save(tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    text = json.dumps(config(), ensure_ascii=False, indent=2)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(
        TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8"
    )


if __name__ == "__main__":
    made = build()
    for model in ("dense", "moe"):
        save(made, DEMO / model)
