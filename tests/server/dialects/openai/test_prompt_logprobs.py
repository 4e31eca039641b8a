"""vLLM's `prompt_logprobs`: the log probability of each token of the prompt."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

Json = dict[str, Any]
PROMPT = "One, two, three"
HI = [{"role": "user", "content": "Hi"}]
COMPLETIONS, CHAT = "/v1/completions", "/v1/chat/completions"


def post(http: httpx.Client, path: str, **body: Any) -> Json:
    body = {"model": "demo", "temperature": 0, "max_tokens": 2, **body}
    reply = http.post(path, json=body)
    assert reply.status_code == 200, reply.text
    answered: Json = reply.json()
    return answered


@pytest.mark.parametrize("path", [COMPLETIONS, "/api/v0/completions"])
def test_they_are_those_of_an_echo(http: httpx.Client, path: str) -> None:
    [choice] = post(http, path, prompt=PROMPT, prompt_logprobs=3)["choices"]
    assert choice["logprobs"] is None, "the answer's were not asked for"
    told = choice["prompt_logprobs"]
    echo = post(http, COMPLETIONS, prompt=PROMPT, echo=True, logprobs=3)["choices"][0]["logprobs"]
    ids = http.post("/tokenize", json={"prompt": PROMPT}).json()["tokens"]
    assert len(told) == len(ids)
    assert told[0] is None
    for index, token_id in enumerate(ids[1:], start=1):
        own = told[index][str(token_id)]
        assert own["logprob"] == pytest.approx(echo["token_logprobs"][index], abs=1e-4)
        assert own["decoded_token"] == echo["tokens"][index]
        ranked = [one for one in told[index].values() if one["rank"] is not None]
        assert sorted(one["rank"] for one in ranked) == [1, 2, 3]
        by_rank = sorted(ranked, key=lambda one: one["rank"])
        assert [one["logprob"] for one in by_rank] == sorted(
            (one["logprob"] for one in by_rank), reverse=True
        )
        assert len(told[index]) == 3 + (own["rank"] is None)


@pytest.mark.parametrize("path", [CHAT, "/api/v0/chat/completions"])
def test_a_chat_has_those_of_its_rendered_prompt(http: httpx.Client, path: str) -> None:
    reply = post(http, path, messages=HI, prompt_logprobs=1, n=2)
    ids = http.post("/tokenize", json={"messages": HI}).json()["tokens"]
    [choice] = post(http, COMPLETIONS, prompt=ids, prompt_logprobs=1)["choices"]
    assert len(reply["prompt_logprobs"]) == len(ids) == reply["usage"]["prompt_tokens"]
    for of_chat, alone in zip(reply["prompt_logprobs"], choice["prompt_logprobs"], strict=True):
        assert (of_chat is None) == (alone is None)
        if of_chat is not None:
            assert set(of_chat) == set(alone)
    assert all(one["logprobs"] is None for one in reply["choices"])


def test_zero_tells_each_token_alone(http: httpx.Client) -> None:
    [choice] = post(http, COMPLETIONS, prompt=PROMPT, prompt_logprobs=0)["choices"]
    assert [len(one) for one in choice["prompt_logprobs"][1:]] == [1] * (
        len(choice["prompt_logprobs"]) - 1
    )


def test_the_answers_own_have_as_many_as_they_asked_for(http: httpx.Client) -> None:
    [choice] = post(http, COMPLETIONS, prompt=PROMPT, prompt_logprobs=5, logprobs=2)["choices"]
    assert {len(top) for top in choice["logprobs"]["top_logprobs"]} <= {2, 3}
    assert all(len(one) >= 5 for one in choice["prompt_logprobs"][1:])
    asked = {"logprobs": True, "top_logprobs": 1, "prompt_logprobs": 4}
    [choice] = post(http, CHAT, messages=HI, enable_thinking=False, **asked)["choices"]
    assert [len(one["top_logprobs"]) for one in choice["logprobs"]["content"]] == [1, 1]
    echo = {"echo": True, "logprobs": 1, "prompt_logprobs": 6}
    [choice] = post(http, COMPLETIONS, prompt=PROMPT, **echo)["choices"]
    assert {len(top) for top in choice["logprobs"]["top_logprobs"] if top is not None} == {1, 2}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt_logprobs": 1, "stream": True}, "prompt_logprobs"),
        ({"prompt_logprobs": 21}, "prompt_logprobs"),
        ({"prompt_logprobs": -1}, "prompt_logprobs"),
        ({"prompt_logprobs": True}, "prompt_logprobs"),
        ({"prompt_logprobs": 1, "top_logprobs": 2}, "top_logprobs"),
    ],
)
def test_what_cannot_be_told_is_refused(http: httpx.Client, fields: Json, param: str) -> None:
    reply = http.post(CHAT, json={"model": "demo", "messages": HI, **fields})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param
