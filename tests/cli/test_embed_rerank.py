"""JSON lines in and out of `embed` and `rerank`."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qwen3mlx.cli.app import command_line
from tests.support.readers import write_embedding, write_reranker


def run(*words: str, lines: str) -> Result:
    return CliRunner().invoke(command_line(words[:1]), words, input=lines, prog_name="qwen3mlx")


def test_texts_become_vectors(tmp_path: Path) -> None:
    model = str(write_embedding(tmp_path))
    done = run("embed", model, "--dimensions", "32", lines='"Hi"\n\n{"text": "Hi"}\n"日本"\n')
    assert done.exit_code == 0, done.output
    vectors = [json.loads(line)["embedding"] for line in done.stdout.splitlines()]
    assert [len(vector) for vector in vectors] == [32, 32, 32]
    assert vectors[0] == vectors[1] != vectors[2]
    assert math.hypot(*vectors[0]) == pytest.approx(1, abs=1e-6)


def test_documents_are_ranked(tmp_path: Path) -> None:
    model = str(write_reranker(tmp_path))
    line = json.dumps({"query": "Why?", "documents": ["a", "b", "c"]})
    done = run("rerank", model, "--top", "2", lines=f"{line}\n{line}\n")
    assert done.exit_code == 0, done.output
    one, two = map(json.loads, done.stdout.splitlines())
    assert one == two
    scores = [result["relevance_score"] for result in one["results"]]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("verb", "line", "said"),
    [
        ("embed", "Hi", "Line 1 is not JSON"),
        ("embed", '{"texts": 1}', "Line 1 must be an object with the text text."),
        ("rerank", '{"query": "a"}', "Line 1 must have documents"),
        ("rerank", '"a"', "Line 1 must be an object with the text query."),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, verb: str, line: str, said: str) -> None:
    write = {"embed": write_embedding, "rerank": write_reranker}[verb]
    done = run(verb, str(write(tmp_path)), lines=line)
    assert done.exit_code == 1
    assert said in done.output
