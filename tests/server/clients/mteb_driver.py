"""A program for an interpreter with mteb, whose own clients ask the server.

`python mteb_driver.py URL EMBEDDER RERANKER FOLDER <TEXTS` writes what each task predicted into
FOLDER, and prints the tasks' main scores. TEXTS are `{"queries": {id: text}, "documents": {id:
text}, "topics": {id: topic}, "short": [id]}`; a document is relevant to a query of its topic, and
only the retrieval has those that are not `short`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mteb
from datasets import Dataset, DatasetDict
from mteb.abstasks import (
    AbsTaskClassification,
    AbsTaskClustering,
    AbsTaskPairClassification,
    AbsTaskRetrieval,
    AbsTaskSTS,
)
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models import OpenAIAPIEncodeWrapper, OpenAIAPIRerankWrapper

TEXTS = json.load(sys.stdin)
QUERIES, DOCUMENTS, TOPICS = TEXTS["queries"], TEXTS["documents"], TEXTS["topics"]
SHORT = {id_: DOCUMENTS[id_] for id_ in TEXTS["short"]}
LABELS = sorted(set(TOPICS.values()))


def about(kind: str, main_score: str) -> TaskMetadata:
    return TaskMetadata(
        name=f"Own{kind}",
        type=kind,
        main_score=main_score,
        description="Texts of our own",
        dataset={"path": "none", "revision": "1"},
        category="t2t",
        modalities=["text"],
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
    )


def labelled() -> Dataset:
    return Dataset.from_dict(
        {
            "text": [*SHORT.values()],
            "sentences": [*SHORT.values()],
            "label": [LABELS.index(TOPICS[id_]) for id_ in SHORT],
            "labels": [LABELS.index(TOPICS[id_]) for id_ in SHORT],
        }
    )


def pairs() -> Dataset:
    rows = [(query, document) for query in QUERIES for document in SHORT]
    alike = [int(TOPICS[query] == TOPICS[document]) for query, document in rows]
    return Dataset.from_dict(
        {
            "sentence1": [QUERIES[query] for query, _ in rows],
            "sentence2": [SHORT[document] for _, document in rows],
            "score": alike,
            "labels": alike,
        }
    )


class Sts(AbsTaskSTS):
    metadata = about("STS", "cosine_spearman")
    min_score, max_score = 0, 1

    def load_data(self, **options: Any) -> None:
        self.dataset, self.data_loaded = DatasetDict(test=pairs()), True


class Pairs(AbsTaskPairClassification):
    metadata = about("PairClassification", "similarity_ap")

    def load_data(self, **options: Any) -> None:
        self.dataset, self.data_loaded = DatasetDict(test=pairs()), True


class Classes(AbsTaskClassification):
    metadata = about("Classification", "accuracy")

    def load_data(self, **options: Any) -> None:
        self.dataset = DatasetDict(train=labelled(), test=labelled())
        self.data_loaded = True


class Clusters(AbsTaskClustering):
    metadata = about("Clustering", "v_measure")
    max_fraction_of_documents_to_embed = None

    def load_data(self, **options: Any) -> None:
        self.dataset, self.data_loaded = DatasetDict(test=labelled()), True


class Retrieval(AbsTaskRetrieval):
    metadata = about("Retrieval", "ndcg_at_10")
    ranked: Any = None

    def load_data(self, **options: Any) -> None:
        relevant = {
            query: {document: int(TOPICS[query] == TOPICS[document]) for document in DOCUMENTS}
            for query in QUERIES
        }
        split = {
            "queries": Dataset.from_dict({"id": [*QUERIES], "text": [*QUERIES.values()]}),
            "corpus": Dataset.from_dict({"id": [*DOCUMENTS], "text": [*DOCUMENTS.values()]}),
            "relevant_docs": relevant,
            "top_ranked": self.ranked,
        }
        self.dataset, self.data_loaded = {"default": {"test": split}}, True


class Reranking(Retrieval):
    metadata = about("Reranking", "map_at_1000")
    ranked = dict.fromkeys(QUERIES, TEXTS["short"])


def main() -> None:
    url, embedder, reranker, folder = sys.argv[1:]
    # An embedding model reads texts, and no chat.
    embeds = OpenAIAPIEncodeWrapper(url, embedder, use_chat_template=False)
    ranks = OpenAIAPIRerankWrapper(url, reranker)
    embedded = [task() for task in (Sts, Pairs, Classes, Clusters, Retrieval)]
    scores: dict[str, Any] = {}
    for model, tasks in ((embeds, embedded), (ranks, [Reranking()])):
        options: Any = {"cache": None, "prediction_folder": Path(folder), "co2_tracker": False}
        found = mteb.evaluate(model, tasks, show_progress_bar=False, **options)
        scores |= {result.task_name: result.get_score() for result in found.task_results}
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main()
