"""`/tokenizer_info`, with which lm-eval renders chats and counts tokens without the checkpoint."""

from __future__ import annotations

import httpx
import jinja2
import pytest


@pytest.mark.parametrize(
    "path", ["/tokenizer_info", "/v1/tokenizer_info", "/tokenizer_info?model=demo"]
)
def test_what_lm_evals_remote_tokenizer_asks_for(http: httpx.Client, path: str) -> None:
    told = http.get(path).json()
    assert told["eos_token"] == "<|im_end|>"
    assert told["bos_token"] is None
    assert told["pad_token"] == "<|endoftext|>"
    assert isinstance(told["tokenizer_class"], str)
    body = {"prompt": told["eos_token"], "add_special_tokens": False}
    [end] = http.post("/tokenize", json=body).json()["tokens"]
    assert http.post("/detokenize", json={"tokens": [end]}).json()["prompt"] == told["eos_token"]


def test_its_template_renders_what_the_server_does(http: httpx.Client) -> None:
    told = http.get("/tokenizer_info").json()
    messages = [{"role": "user", "content": "Hi"}]
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(
        told["chat_template"]
    )
    text = template.render(messages=messages, add_generation_prompt=True)
    ids = http.post("/tokenize", json={"messages": messages}).json()["tokens"]
    assert http.post("/detokenize", json={"tokens": ids}).json()["prompt"] == text


def test_another_model_and_none(http: httpx.Client) -> None:
    assert http.get("/tokenizer_info", params={"model": "demo-moe"}).status_code == 200
    assert http.get("/tokenizer_info", params={"model": "nope"}).status_code == 404
