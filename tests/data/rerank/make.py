"""Makes expected.npz: the scores that transformers computes in float32, as the model's card does.

    python -m tests.support.rerank_sets FOLDER
    pip install torch==2.13.0 transformers==5.24.0
    python tests/data/rerank/make.py FOLDER

`causal` and `classifier` [documents of all sets] are probabilities of `yes`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as tf

BEFORE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and "
    'the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
PAIR = (
    "<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
    "<Query>: {query}\n<Document>: {document}"
)
AFTER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"


def scores(folder: Path, score: Any, kind: Any, sets: list[Any]) -> np.ndarray:
    tokenizer = tf.AutoTokenizer.from_pretrained(folder)
    model = kind.from_pretrained(folder, dtype=torch.float32).eval()
    answers = tokenizer.convert_tokens_to_ids(["no", "yes"])
    before, after = (tokenizer.encode(text, add_special_tokens=False) for text in (BEFORE, AFTER))
    found = []
    for query, documents in sets:
        for document in documents:
            pair = PAIR.format(query=query, document=document)
            ids = [*before, *tokenizer.encode(pair, add_special_tokens=False), *after]
            found.append(score(model, torch.tensor([ids]), answers).item())
    return np.array(found, np.float32)


def by_answer(model: Any, ids: torch.Tensor, answers: list[int]) -> torch.Tensor:
    return torch.softmax(model(ids, logits_to_keep=1).logits[0, -1, answers], 0)[1]


def by_score(model: Any, ids: torch.Tensor, answers: list[int]) -> torch.Tensor:
    return torch.sigmoid(model(ids).logits[0, 0])


def main() -> None:
    folder = Path(sys.argv[1])
    sets = json.loads((folder / "sets.json").read_text("utf-8"))
    with torch.no_grad():
        causal = scores(folder / "causal", by_answer, tf.AutoModelForCausalLM, sets)
        kind = tf.AutoModelForSequenceClassification
        classifier = scores(folder / "classifier", by_score, kind, sets)
    arrays: dict[str, Any] = {"causal": causal, "classifier": classifier}
    np.savez_compressed(Path(__file__).with_name("expected.npz"), **arrays)
    print(len(causal), abs(causal - classifier).max(), causal.std())


if __name__ == "__main__":
    main()
