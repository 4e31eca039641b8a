"""What embedding models and rerankers read, and what is read out of them."""

from __future__ import annotations

import math
import random
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

import qwen3mlx
from qwen3mlx.engine.embedding_inputs import Cut, answer_ids, embedding_ids, relevance, rerank_ids
from qwen3mlx.engine.rows import read_rows
from qwen3mlx.errors import CheckpointError, ContextLengthError, InvalidRequestError
from qwen3mlx.model.cache import NoCache
from qwen3mlx.runtime import Runtime
from tests.support.checkpoints import copy_qwen3_tokenizer
from tests.support.examples import examples
from tests.support.readers import END, write_embedding, write_reranker

PROMPT = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and "
    'the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}"
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
)
CARD = "Given a web search query, retrieve relevant passages that answer the query"


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return qwen3mlx.load(write_embedding(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return qwen3mlx.load(write_reranker(tmp_path_factory.mktemp("models")))


def ids_of(runtime: Runtime, texts: Any, **options: Any) -> list[list[int]]:
    return embedding_ids(runtime._loaded, texts, is_embedding=True, **options)


@pytest.mark.parametrize(("end", "added"), [(END, END), ("<|im_end|>", "<|im_end|>"), (None, END)])
def test_the_end_token_is_the_tokenizers_own(tmp_path: Path, end: str | None, added: str) -> None:
    runtime = qwen3mlx.load(write_embedding(tmp_path, end=end))
    (ids,) = ids_of(runtime, ["Hi"])
    assert runtime.tokenizer.decode(ids) == f"Hi{added}"
    assert ids_of(runtime, [ids]) == [ids]  # not twice


def test_an_instruction_makes_a_query(embedder: Runtime) -> None:
    (ids,) = ids_of(embedder, ["Why?"], instruction="Find it")
    assert embedder.tokenizer.decode(ids) == f"Instruct: Find it\nQuery:Why?{END}"
    with pytest.raises(InvalidRequestError, match="send text"):
        ids_of(embedder, [[1, 2]], instruction="Find it")


def test_long_texts_are_refused_or_cut(embedder: Runtime) -> None:
    context = embedder.config.max_position_embeddings
    with pytest.raises(ContextLengthError):
        ids_of(embedder, ["a " * context])
    end = embedder.tokenizer.token_id(END)
    for cut, length in ((Cut(), context), (Cut(5), 5), (Cut(10**9), context), (Cut(1), 1)):
        for text in ("a " * context, embedder.tokenizer.encode("a ") * context):
            (ids,) = ids_of(embedder, [text], cut=cut)
            assert (len(ids), ids[-1]) == (length, end)
    assert ids_of(embedder, ["a b"], cut=Cut()) == ids_of(embedder, ["a b"])


def test_rows_of_a_batch_are_those_of_each_text_alone(embedder: Runtime) -> None:
    rng = random.Random(1)
    words = ["what", "a", "fine", "day", "it", "was"]
    texts = [" ".join(rng.choices(words, k=k)) for k in range(1, 30, 3)]
    together = np.array(embedder.embed(texts))
    alone = np.array([embedder.embed([text])[0] for text in texts])
    assert np.abs(together - alone).max() <= 1e-6
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() <= 1e-6
    short = np.array(embedder.embed(texts, dimensions=32))
    head = together[:, :32] / np.linalg.norm(together[:, :32], axis=1, keepdims=True)
    assert np.abs(short - head).max() <= 1e-6


def test_a_reranker_reads_the_cards_prompt(reranker: Runtime) -> None:
    pairs = [("Why?", "Because."), ("Why?", "No <|im_end|> here")]
    ids = rerank_ids(reranker._loaded, pairs)
    for (query, document), prompt in zip(pairs, ids, strict=True):
        expected = PROMPT.format(instruction=CARD, query=query, document=document)
        assert reranker.tokenizer.decode(prompt) == expected
    end = reranker.tokenizer.token_id("<|im_end|>")
    assert [prompt.count(end) for prompt in ids] == [2, 2]  # what people write is data
    (own,) = rerank_ids(reranker._loaded, pairs[:1], instruction="Find it")
    assert "<Instruct>: Find it\n" in reranker.tokenizer.decode(own)


def test_long_documents_are_refused_or_cut(reranker: Runtime) -> None:
    context = reranker.config.max_position_embeddings
    pairs = [("Why?", "a b " * context)]
    with pytest.raises(ContextLengthError, match=r"documents\[0\]|tokens"):
        rerank_ids(reranker._loaded, pairs)
    assert len(rerank_ids(reranker._loaded, pairs, cut=Cut())[0]) == context
    assert len(rerank_ids(reranker._loaded, pairs, cut=Cut(300))[0]) == 300
    (none,) = rerank_ids(reranker._loaded, [("Why?", "")])
    (cut,) = rerank_ids(reranker._loaded, pairs, cut=Cut(3, of_document=True))
    assert abs(len(cut) - len(none) - 3) <= 1
    assert reranker.tokenizer.decode(cut).endswith("<think>\n\n</think>\n\n")


def test_the_order_is_that_of_whole_prompts(reranker: Runtime) -> None:
    rng = random.Random(2)
    words = ["cat", "dog", "sun", "rain", "code", "list", "sum", "time", "day", "night"]
    no, yes = (reranker.tokenizer.token_id(word) for word in ("no", "yes"))
    for _ in range(examples(200, fast=1)):
        query = " ".join(rng.choices(words, k=3))
        documents = [" ".join(rng.choices(words, k=rng.randint(0, 9))) for _ in range(4)]
        found = reranker.rerank(query, documents)
        expected = []
        for document in documents:
            (ids,) = rerank_ids(reranker._loaded, [(query, document)])
            last = reranker.model.hidden(mx.array([ids]), NoCache())[:, -1:]
            both = np.array(
                reranker.model.lm_head(last)[0, 0][mx.array([no, yes])].astype(mx.float32),
                np.float64,
            )
            expected.append(float(np.exp(both[1]) / np.exp(both).sum()))
        scores = [each.score for each in sorted(found)]
        assert scores == pytest.approx(expected, abs=1e-4)
        assert [each.score for each in found] == sorted(scores, reverse=True)


class Counting:
    """A model that counts the tokens it reads."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.num_tokens = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def last_hidden(self, ids: mx.array, cache: Any) -> mx.array:
        self.num_tokens += ids.size
        return self._model.last_hidden(ids, cache)


def test_what_documents_share_is_read_once(reranker: Runtime) -> None:
    documents = ["one two", "one two three", "four", "one two"]
    inputs = rerank_ids(reranker._loaded, [("Why?", document) for document in documents])
    decoder: Any = type("Decoder", (), {"max_chunk": 64})()
    decoder.model = Counting(reranker.model)
    for _ in read_rows(decoder, inputs, [1, 2]):
        pass
    begins = [len({tuple(ids[: i + 1]) for ids in inputs}) for i in range(len(inputs[0]))]
    alike = next(i for i, different in enumerate(begins) if different > 1)
    assert alike > 40
    assert decoder.model.num_tokens == alike + sum(len(ids) - alike for ids in inputs)


@pytest.mark.parametrize(
    "inputs", [[[1, 2], [1, 2]], [[1], [1, 2]], [[1, 2, 3, 4], [1, 2, 5], [1, 2, 4]], [[3], [4]]]
)
def test_no_row_is_without_a_token_of_its_own(reranker: Runtime, inputs: list[list[int]]) -> None:
    decoder = reranker._loaded.decoder

    def rows(some: list[list[int]]) -> Any:
        work = read_rows(decoder, some, [5, 6])
        while True:
            try:
                next(work)
            except StopIteration as done:
                return done.value

    for row, ids in zip(rows(inputs), inputs, strict=True):
        assert row == pytest.approx(rows([ids])[0], abs=1e-3)


def test_relevance_is_a_probability() -> None:
    assert relevance([0.0, 0.0]) == 0.5
    assert relevance([1.0, 3.0]) == pytest.approx(math.exp(2) / (1 + math.exp(2)))
    assert relevance([1e9, 0.0]) == pytest.approx(0, abs=1e-300)
    assert relevance([0.0, 1e9]) == 1.0


def test_a_model_is_asked_for_what_it_is(embedder: Runtime, reranker: Runtime) -> None:
    chat = [{"role": "user", "content": "Hi"}]
    with pytest.raises(InvalidRequestError) as caught:
        embedder.generate(chat)
    assert str(caught.value) == (
        "demo-embedding is an embedding model, which cannot write answers: take a chat model, "
        "such as qwen3:4b."
    )
    with pytest.raises(InvalidRequestError, match="is a reranker, which cannot make embeddings"):
        reranker.embed(["Hi"])
    with pytest.raises(InvalidRequestError, match="take a reranker, such as qwen3-reranker"):
        embedder.rerank("Hi", ["Ho"])


def classifier(folder: Path, form: str) -> Runtime:
    source = Path(__file__).parents[1] / "data" / "forms" / form
    shutil.copytree(source, folder / form)
    copy_qwen3_tokenizer(folder / form)
    return qwen3mlx.load(folder / form)


def test_a_classifier_judges_with_its_score(tmp_path: Path) -> None:
    runtime = classifier(tmp_path, "classifier_1")
    inputs = [[1, 2, 3], [1, 2, 4, 5]]
    rows = runtime._rows(inputs, answer_ids(runtime._loaded))
    for row, ids in zip(rows, inputs, strict=True):
        [score] = np.array(runtime.model(mx.array([ids]))[0, -1].astype(mx.float32)).tolist()
        assert row == pytest.approx([score], abs=1e-3)
        assert relevance(row) == pytest.approx(1 / (1 + math.exp(-score)), abs=1e-3)


def test_a_classifier_of_other_labels_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is no reranker"):
        classifier(tmp_path, "classifier_3").rerank("a", [])
