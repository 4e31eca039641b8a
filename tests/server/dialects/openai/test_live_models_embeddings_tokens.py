"""Models, embeddings and tokens."""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import httpx
import pytest
from openai import BadRequestError, OpenAI

HELLO = [{"role": "user", "content": "Hello!"}]


def test_models_are_listed_and_found(client: OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert {"demo", "demo-moe"} <= set(models)
    assert models["demo"].object == "model"
    assert client.models.retrieve("demo") == models["demo"]


def test_embeddings_are_unit_vectors(client: OpenAI) -> None:
    reply = client.embeddings.create(
        model="demo", input=["one", "two", "one"], encoding_format="float"
    )
    vectors = [item.embedding for item in reply.data]
    assert [item.index for item in reply.data] == [0, 1, 2]
    assert all(math.hypot(*vector) == pytest.approx(1, abs=1e-3) for vector in vectors)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-5)
    assert vectors[0] != pytest.approx(vectors[1], abs=1e-2)
    assert reply.usage.total_tokens == reply.usage.prompt_tokens > 0


def test_embeddings_in_base64_are_the_same(client: OpenAI, http: httpx.Client) -> None:
    body = {"model": "demo", "input": "one"}
    [floats] = http.post("/v1/embeddings", json=body).json()["data"]
    body["encoding_format"] = "base64"
    [packed] = http.post("/v1/embeddings", json=body).json()["data"]
    raw = base64.b64decode(packed["embedding"])
    unpacked = struct.unpack(f"<{len(raw) // 4}f", raw)
    assert list(unpacked) == pytest.approx(floats["embedding"], abs=1e-6)
    # The client asks for base64 unless told otherwise, and decodes it.
    assert client.embeddings.create(**body).data[0].embedding  # type: ignore[arg-type]


def test_text_and_its_tokens_have_one_embedding(client: OpenAI, http: httpx.Client) -> None:
    ids = http.post("/tokenize", json={"model": "demo", "prompt": "one two"}).json()["tokens"]
    text = client.embeddings.create(model="demo", input="one two").data
    for tokens in (ids, [ids]):
        made = client.embeddings.create(model="demo", input=tokens).data
        assert made[0].embedding == pytest.approx(text[0].embedding, abs=1e-5)


def test_dimensions_shorten_and_normalize(client: OpenAI) -> None:
    full = client.embeddings.create(model="demo", input="one").data[0].embedding
    short = client.embeddings.create(model="demo", input="one", dimensions=16).data[0].embedding
    scale = math.hypot(*full[:16])
    assert short == pytest.approx([value / scale for value in full[:16]], abs=1e-5)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input[0]"),
        ({"input": [10**9]}, "input[0]"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": 100_000}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_a_bad_embedding_request_is_named(
    client: OpenAI, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.embeddings.create(**{"model": "demo", "input": "x", **fields})
    assert caught.value.param == param


def test_tokens_there_and_back(http: httpx.Client) -> None:
    text = " Hello, 日本!\n"
    made = http.post("/tokenize", json={"model": "demo", "prompt": text}).json()
    assert made["count"] == len(made["tokens"])
    assert made["max_model_len"] == 4096
    back = http.post("/detokenize", json={"model": "demo", "tokens": made["tokens"]})
    assert back.json() == {"prompt": text, "content": text}


def test_tokens_of_messages_are_the_prompt(client: OpenAI, http: httpx.Client) -> None:
    body = {"model": "demo", "messages": HELLO, "add_generation_prompt": True}
    made = http.post("/tokenize", json=body).json()
    reply = client.chat.completions.create(model="demo", messages=HELLO, max_tokens=1)  # type: ignore[arg-type]
    assert reply.usage
    assert made["count"] == reply.usage.prompt_tokens
    back = http.post("/detokenize", json={"tokens": made["tokens"]}).json()["prompt"]
    assert back == "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n"


def test_tokens_are_counted_beyond_the_context(http: httpx.Client) -> None:
    messages = [{"role": "user", "content": "one two three " * 3000}]
    made = http.post("/tokenize", json={"model": "demo", "messages": messages}).json()
    assert made["count"] == len(made["tokens"]) > made["max_model_len"]
    assert http.post("/tokenize", json={"prompt": ""}).json()["tokens"] == []


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/tokenize", {}, "messages"),
        ("/tokenize", {"messages": HELLO, "add_generation_prompt": False}, "add_generation_prompt"),
        ("/tokenize", {"prompt": 3}, "prompt"),
        ("/detokenize", {}, "tokens"),
        ("/detokenize", {"tokens": [-1]}, "tokens[0]"),
        ("/detokenize", {"tokens": [10**9]}, "tokens"),
    ],
)
def test_bad_token_requests_are_named(
    http: httpx.Client, path: str, body: dict[str, Any], param: str
) -> None:
    reply = http.post(path, json=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param
