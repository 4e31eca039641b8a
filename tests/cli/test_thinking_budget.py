"""A thinking budget that ends just before the end of a row of keys and values."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from typing import cast

import httpx
import mlx.core as mx
import pytest

from qwen3mlx import library, load_model, load_tokenizer
from qwen3mlx.engine.loaded import EARLY_STOP

from .conftest import COMMAND, Serve

BUDGET = 3
MAX_TOKENS = 60


def question(num_letters: int) -> str:
    return f"How many r's are in {'a ' * num_letters}strawberries?"


@cache
def expected(text: str) -> str:
    """Greedy: a few tokens of thought, the words that end it, and the answer."""
    folder = library.resolve("demo")
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    cache = model.make_cache()
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": text}])
    ids = tokenizer.encode(prompt)
    answer: list[int] = []
    while len(answer) < MAX_TOKENS:
        answer.append(cast(int, model(mx.array([ids]), cache)[0, -1].argmax().item()))
        if answer[-1] == tokenizer.token_id("<|im_end|>"):
            answer.pop()
            break
        ids = answer[-1:]
        if len(answer) == 1 + BUDGET:  # <think> is not counted
            forced = tokenizer.encode(EARLY_STOP)
            answer, ids = answer + forced, ids + forced
    return tokenizer.decode(answer).partition("</think>")[2].strip()


@pytest.mark.parametrize("num_letters", [99, 100])
def test_the_command_line(num_letters: int, environment: dict[str, str]) -> None:
    asked = question(num_letters)
    options = ["--thinking-budget", str(BUDGET), "--max-tokens", str(MAX_TOKENS)]
    done = subprocess.run(
        [*COMMAND, "run", "demo", asked, "--temperature", "0", "--json", *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["content"].strip() == expected(asked)
    assert EARLY_STOP.partition("\n</think>")[0] in answer["reasoning_content"]


@pytest.mark.parametrize("num_letters", [99, 100])
def test_the_endpoint(num_letters: int, endpoint: Serve) -> None:
    asked = question(num_letters)
    request = {
        "model": "demo",
        "messages": [{"role": "user", "content": asked}],
        "temperature": 0,
        "max_tokens": MAX_TOKENS,
    }
    key = {"Authorization": "Bearer secret"}
    with httpx.Client(base_url=endpoint.url, headers=key, timeout=60) as http:
        chat = http.post("/v1/chat/completions", json=request | {"thinking_budget": BUDGET})
        thinking = {"type": "enabled", "budget_tokens": BUDGET}
        message = http.post("/v1/messages", json=request | {"thinking": thinking})
    answer = expected(asked)
    assert chat.json()["choices"][0]["message"]["content"].strip() == answer
    texts = [block["text"] for block in message.json()["content"] if block["type"] == "text"]
    assert "".join(texts).strip() == answer
