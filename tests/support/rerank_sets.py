"""Queries with documents at random, and random Qwen3-Rerankers in both of their forms.

`python -m tests.support.rerank_sets FOLDER` writes all of them for tests/data/rerank/make.py.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import NamedTuple

import mlx.core as mx

from qwen3mlx.text import load_tokenizer

from .checkpoints import Shape, copy_qwen3_tokenizer, write_checkpoint

FORMS = ("causal", "classifier")
NUM_SETS = 200
# Rows of Qwen3's vocabulary with room for the control tokens.
_SHAPE = Shape(vocab_size=151_680, tie_word_embeddings=True)
_PAD = "<|endoftext|>"
_LANGUAGES = [
    words.split(" ")
    for words in (
        "rain cloud river why does the water freeze at night and when is it warm again",
        "Wetter Straße über Brücke nachts warum gefriert das Wasser im Frühjahr wieder",
        "la pluie très tôt où l'été garçon cœur naïf déjà vu fenêtre ouverte",
        "почему идёт дождь ночью река облако снова тепло",
        "لماذا ينزل المطر في الليل على النهر",
        "बारिश क्यों होती है रात में नदी",
        "为什么 晚上 会 下雨 河流 结冰 云 又 暖和",
        "なぜ 夜 に 雨 が 降る の か 川",
        "비가 왜 밤에 오나요 강 구름",
        "def f(x): return x+1 // 0x1F {} <b> \n\t 12,345.67 %s 🌧️ 👩‍👩‍👧 e\u0301",
    )
]


class RerankSet(NamedTuple):
    query: str
    documents: list[str]


def rerank_sets() -> list[RerankSet]:
    """Return 2 to 20 documents for each query: of no word to 150, in one language or several."""
    rng = random.Random(0)
    return [
        RerankSet(_text(rng, 12), [_text(rng, 150) for _ in range(rng.randint(2, 20))])
        for _ in range(NUM_SETS)
    ]


def _text(rng: random.Random, most: int) -> str:
    """Short texts are as frequent as long ones."""
    languages = rng.sample(_LANGUAGES, rng.choice((1, 1, 2)))
    count = int(most ** rng.random()) - rng.choice((0, 1))
    words = [rng.choice(rng.choice(languages)) for _ in range(count)]
    return rng.choice((" ", " ", "", "\n")).join(words)


def write_random_reranker(folder: Path, form: str) -> Path:
    """Write a language model, or the classifier that is converted from it: its one score is the
    logit of `yes` less that of `no`.
    """
    write_checkpoint(folder, _SHAPE)
    copy_qwen3_tokenizer(folder)
    if form == "classifier":
        _convert(folder)
    return folder


def _convert(folder: Path) -> None:
    no, yes = (load_tokenizer(folder).token_id(word) for word in ("no", "yes"))
    pad = load_tokenizer(folder).token_id(_PAD)
    file, config = folder / "model.safetensors", folder / "config.json"
    tensors = mx.load(str(file))
    assert isinstance(tensors, dict)
    head = tensors["model.embed_tokens.weight"].astype(mx.float32)
    tensors["score.weight"] = (head[yes] - head[no])[None]
    mx.eval(tensors)
    mx.save_safetensors(str(file), tensors, metadata={"format": "pt"})
    changes = {
        "architectures": ["Qwen3ForSequenceClassification"],
        "id2label": {"0": "yes"},
        "label2id": {"yes": 0},
        "pad_token_id": pad,
    }
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | changes), "utf-8")


def main(folder: Path) -> None:
    for form in FORMS:
        write_random_reranker(folder / form, form)
    (folder / "sets.json").write_text(json.dumps(rerank_sets()), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
