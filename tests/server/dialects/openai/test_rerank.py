"""Rerank, score and the fields of embeddings, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.readers import CONTEXT, write_embedding, write_reranker

from ...live import LiveServer, live_server

DOCUMENTS = ["The sky is blue.", "Cats sleep.", "Rain falls from clouds.", "Cats sleep."]
QUERY = "Why does it rain?"


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(model=str(write_reranker(tmp_path_factory.mktemp("models")))) as server:
        yield server


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(model=str(write_embedding(tmp_path_factory.mktemp("models")))) as server:
        yield server


def ask(server: LiveServer, path: str, status: int = 200, **body: Any) -> Any:
    reply = server.http.post(path, json=body)
    assert reply.status_code == status, reply.text
    return reply.json()


def rerank(server: LiveServer, path: str = "/v1/rerank", **body: Any) -> Any:
    whole = {"model": "demo-reranker", "query": QUERY, "documents": DOCUMENTS, **body}
    return ask(server, path, **whole)


def test_documents_come_in_order(readers: LiveServer) -> None:
    said = rerank(readers)
    results = said["results"]
    scores = [result["relevance_score"] for result in results]
    assert sorted(result["index"] for result in results) == [0, 1, 2, 3]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    by_index = {result["index"]: result["relevance_score"] for result in results}
    assert by_index[1] == pytest.approx(by_index[3], abs=1e-6)
    assert said["usage"]["total_tokens"] > 200
    assert "document" not in results[0]
    objects = [{"text": text} for text in DOCUMENTS]
    some = rerank(readers, "/v2/rerank", documents=objects, top_n=2, return_documents=True)
    assert [result["index"] for result in some["results"]] == [r["index"] for r in results[:2]]
    assert [r["document"]["text"] for r in some["results"]] == [
        DOCUMENTS[r["index"]] for r in results[:2]
    ]


def test_scores_are_those_of_the_ranking(readers: LiveServer) -> None:
    ranked = {r["index"]: r["relevance_score"] for r in rerank(readers)["results"]}
    for query in (QUERY, [QUERY] * len(DOCUMENTS)):
        said = ask(readers, "/v1/score", model="demo-reranker", text_1=query, text_2=DOCUMENTS)
        scores = {one["index"]: one["score"] for one in said["data"]}
        assert scores == pytest.approx(ranked, abs=1e-6)
    [one] = ask(readers, "/v1/score", model="demo-reranker", text_1=QUERY, text_2=DOCUMENTS[0])[
        "data"
    ]
    assert one["score"] == pytest.approx(ranked[0], abs=1e-4)


@pytest.mark.parametrize(
    ("path", "fields", "param"),
    [
        ("/v1/rerank", {"documents": []}, "documents"),
        ("/v1/rerank", {"documents": ["a", {"title": "b"}]}, "documents[1]"),
        ("/v1/rerank", {"top_n": 0}, "top_n"),
        ("/v1/rerank", {"model": "demo"}, "model"),
        ("/v1/rerank", {"documents": ["a", "b " * 5000]}, "documents[1]"),
        ("/v1/score", {"text_1": ["a", "b"], "text_2": ["a"]}, "text_2"),
    ],
)
def test_a_bad_request_is_named(
    readers: LiveServer, path: str, fields: dict[str, Any], param: str
) -> None:
    whole = {"query": QUERY, "documents": DOCUMENTS, "text_1": "a", "text_2": "b"}
    keep = ("query", "documents") if path == "/v1/rerank" else ("text_1", "text_2")
    body = {"model": "demo-reranker", **{name: whole[name] for name in keep}, **fields}
    assert ask(readers, path, 400, **body)["error"]["param"] == param


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/chat"])
def test_who_cannot_chat_says_so(readers: LiveServer, embedder: LiveServer, path: str) -> None:
    chat = [{"role": "user", "content": "Hi"}]
    for server, model in ((readers, "demo-reranker"), (embedder, "demo-embedding")):
        said = ask(server, path, 400, model=model, messages=chat, max_tokens=5)
        error = said["error"]
        assert "cannot write answers: take a chat model" in (
            error if isinstance(error, str) else error["message"]
        )


def test_a_vector_does_not_depend_on_its_neighbours(embedder: LiveServer) -> None:
    texts = [
        "",
        "Rain",
        "今天天气很好 🌧️",
        "One two three. " * 40,
        "Rain",
        "def f(x):\n    return x\n" * 9,
    ]

    def vectors(given: Any) -> Any:
        said = ask(embedder, "/v1/embeddings", model="demo-embedding", input=given)
        return [row["embedding"] for row in said["data"]]

    for together, text in zip(vectors(texts), texts, strict=True):
        assert together == pytest.approx(vectors(text)[0], abs=1e-6)


def test_embeddings_take_instructions_and_cuts(embedder: LiveServer) -> None:
    def vector(**fields: Any) -> Any:
        said = ask(embedder, "/v1/embeddings", model="demo-embedding", **fields)
        return said["data"][0]["embedding"], said["usage"]["prompt_tokens"]

    query, _ = vector(input="Why?", instruction="Find it")
    same, _ = vector(input="Instruct: Find it\nQuery:Why?")
    assert query == pytest.approx(same, abs=1e-6)
    long = "a b " * 5000
    assert vector(input=long, truncate_prompt_tokens=7)[1] == 7
    assert vector(input=long, truncate_prompt_tokens=-1)[1] == CONTEXT
    refused = ask(embedder, "/v1/embeddings", 400, model="demo-embedding", input=long)
    assert refused["error"]["param"] == "input[0]"
    cut = ask(embedder, "/api/embed", model="demo-embedding", input=long)
    assert cut["prompt_eval_count"] == CONTEXT
    ask(embedder, "/api/embed", 400, model="demo-embedding", input=long, truncate=False)
