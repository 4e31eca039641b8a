"""mteb's unmodified clients of `/v1/embeddings` and `/v1/rerank`, on tasks of our own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qwen3mlx
from tests.support.readers import write_embedding, write_reranker

from ..live import live_server

DRIVER = Path(__file__).with_name("mteb_driver.py")
PYTHON = os.environ.get("MTEB_PYTHON")

if not PYTHON:
    pytest.skip(
        "no mteb here: set MTEB_PYTHON to a Python of an environment with mteb 2.26",
        allow_module_level=True,
    )

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EMBEDDER, RERANKER = "Qwen/demo-embedding", "Qwen/demo-reranker"
QUERIES = {
    "q-weather": "Why does it rain?",
    "q-food": "Wie kocht man Reis?",
    "q-code": "What is a loop?",
}
DOCUMENTS = {
    "d-weather-0": "Rain falls from clouds.",
    "d-weather-1": "Der Wind weht stark aus Norden.",
    "d-weather-2": "今天阳光明媚，气温很高。",
    "d-weather-3": "It rains. " * 800,
    "d-food-0": "Bake the bread for an hour.",
    "d-food-1": "La soupe mijote doucement.",
    "d-food-2": "Salt makes rice taste better 🍚",
    "d-code-0": "A loop repeats a statement.",
    "d-code-1": "def add(a, b):\n    return a + b",
    "d-code-2": "",
}
# mteb has texts cut that are longer than the context when it embeds them, and not when it ranks.
SHORT = [key for key in DOCUMENTS if key != "d-weather-3"]


class Results:
    """What mteb predicted, by task; and what the models give without a server."""

    def __init__(self, models: Path, folder: Path, scores: dict[str, float]) -> None:
        self._folder = folder
        self.scores = scores
        self.embedder = qwen3mlx.load(models / "demo-embedding")
        self.reranker = qwen3mlx.load(models / "demo-reranker")

    def predicted(self, task: str) -> Any:
        text = (self._folder / f"Own{task}_predictions.json").read_text("utf-8")
        return json.loads(text)["default"]["test"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("predictions")
    models = home / "models" / "Qwen"
    write_embedding(models)
    write_reranker(models)
    topics = {key: key.split("-")[1] for key in (*QUERIES, *DOCUMENTS)}
    texts = {"queries": QUERIES, "documents": DOCUMENTS, "topics": topics, "short": SHORT}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(home))
        patch.delenv("PYTHONPATH", raising=False)
        with live_server() as server:
            server.http.get("/v1/models")  # imports; mteb waits ten seconds for the answer
            done = subprocess.run(
                [str(PYTHON), DRIVER, server.url, EMBEDDER, RERANKER, folder],
                input=json.dumps(texts),
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        yield Results(models, folder, json.loads(done.stdout))


def test_every_kind_of_task_has_a_score(results: Results) -> None:
    kinds = ("STS", "PairClassification", "Classification", "Clustering", "Retrieval", "Reranking")
    assert sorted(results.scores) == sorted(f"Own{kind}" for kind in kinds)
    assert all(0 < score <= 1 for score in results.scores.values())


def test_what_is_found_is_what_the_vectors_say(results: Results) -> None:
    texts = {**QUERIES, **DOCUMENTS}
    rows = results.embedder.embed([*texts.values()], truncate=True)
    vectors = dict(zip(texts, map(np.array, rows), strict=True))
    found = results.predicted("Retrieval")
    for query in QUERIES:
        right = {document: vectors[query] @ vectors[document] for document in DOCUMENTS}
        assert found[query] == pytest.approx(right, abs=1e-5)
    pairs = [vectors[query] @ vectors[document] for query in QUERIES for document in SHORT]
    for task in ("STS", "PairClassification"):
        assert results.predicted(task)["cosine_scores"] == pytest.approx(pairs, abs=1e-5)


def test_a_reranking_has_the_models_scores(results: Results) -> None:
    found = results.predicted("Reranking")
    for query, text in QUERIES.items():
        judged = results.reranker.rerank(text, [DOCUMENTS[key] for key in SHORT])
        right = {SHORT[each.document]: each.score for each in judged}
        assert found[query] == pytest.approx(right, abs=1e-4)
