"""The order of `/v1/rerank` is that of transformers, for both forms of a Qwen3-Reranker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.rerank_sets import FORMS, NUM_SETS, rerank_sets, write_random_reranker

from ...live import live_server

EXPECTED = Path(__file__).parents[3] / "data" / "rerank" / "expected.npz"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("form", FORMS)
def test_the_order_is_that_of_transformers(form: str, tmp_path: Path) -> None:
    sets = rerank_sets()
    expected = np.load(EXPECTED)[form].tolist()
    differences = []
    folder = write_random_reranker(tmp_path / f"{form}-reranker", form)
    with live_server(model=str(folder)) as server:
        for query, documents in sets:
            body = {"model": folder.name, "query": query, "documents": documents}
            reply = server.http.post("/v1/rerank", json=body, timeout=600)
            assert reply.status_code == 200, reply.text
            right, expected = expected[: len(documents)], expected[len(documents) :]
            found = [(each["index"], each["relevance_score"]) for each in reply.json()["results"]]
            order = sorted(range(len(documents)), key=lambda i: -right[i])
            assert [right[i] for i, _ in found] == [right[i] for i in order]
            differences += [abs(score - right[i]) for i, score in found]
    assert not expected
    assert len(sets) == NUM_SETS
    print(f"{len(differences)} scores, at most {max(differences):.1e} apart")
    assert max(differences) < 5e-5
