"""A request's demands on its answer's form, compiled for the demo's vocabulary."""

from __future__ import annotations

import threading

import pytest

from qwen3mlx import hub
from qwen3mlx.engine import grammars
from qwen3mlx.engine.grammars import Grammars
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest, NamedTool
from qwen3mlx.text import Tokenizer, load_tokenizer

ASK = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer(hub.resolve("demo"))


@pytest.fixture
def made(monkeypatch) -> list[int]:
    """One entry for each vocabulary that was built."""
    builds: list[int] = []
    build = grammars.GrammarTokenizer
    monkeypatch.setattr(
        grammars, "GrammarTokenizer", lambda *a, **k: builds.append(1) or build(*a, **k)
    )
    return builds


def grammars_of(tokenizer: Tokenizer) -> Grammars:
    return Grammars(tokenizer, tokenizer.vocab_size, [tokenizer.token_id("<|im_end|>")])


def test_a_free_answer_builds_nothing(tokenizer, made):
    request = GenerationRequest(messages=ASK)
    assert grammars_of(tokenizer).constraint(request, "off") is None
    assert not made


def test_the_vocabulary_is_built_once_for_all_threads(tokenizer, made):
    ours, results = grammars_of(tokenizer), []
    request = GenerationRequest(messages=ASK, json_schema={"type": "object"})
    threads = [
        threading.Thread(target=lambda: results.append(ours.constraint(request, "off")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert all(make is not None for make in results)


def test_each_answer_has_a_constraint_of_its_own(tokenizer):
    request = GenerationRequest(messages=ASK, json_schema={"type": "object"})
    make = grammars_of(tokenizer).constraint(request, "off")
    one, other = make(), make()
    before = other.mask()
    one.observe(tokenizer.encode("{")[0])
    assert other.mask() == before != one.mask()


@pytest.mark.parametrize("choice", ["required", NamedTool("now")])
def test_a_forced_call_begins_with_its_marker(tokenizer, choice):
    request = GenerationRequest(messages=ASK, tools=[TOOL], tool_choice=choice)
    mask = grammars_of(tokenizer).constraint(request, "off")().mask()
    allowed = [i for i in range(tokenizer.vocab_size) if mask[i // 8] >> i % 8 & 1]
    assert allowed == [tokenizer.token_id("<tool_call>")]


def test_a_schema_that_cannot_be_followed_is_refused(tokenizer):
    request = GenerationRequest(
        messages=ASK, json_schema={"type": "integer", "minimum": 2, "maximum": 1}
    )
    with pytest.raises(InvalidRequestError):
        grammars_of(tokenizer).constraint(request, "off")
