"""`/v1/completions` with OpenAI's own client."""

from __future__ import annotations

from typing import Any

import httpx
import mlx.core as mx
import pytest
from openai import BadRequestError, OpenAI

import qwen3mlx
from qwen3mlx import library

PROMPT = "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n"


def complete(client: OpenAI, prompt: Any, **fields: Any) -> Any:
    settings = {"temperature": 0, "max_tokens": 12, **fields}
    return client.completions.create(model="demo", prompt=prompt, **settings)


def tokenize(http: httpx.Client, text: str) -> list[int]:
    ids: list[int] = http.post("/tokenize", json={"prompt": text}).json()["tokens"]
    return ids


def test_text_and_its_tokens_are_one_prompt(client: OpenAI, http: httpx.Client) -> None:
    text = complete(client, PROMPT)
    ids = complete(client, tokenize(http, PROMPT))
    assert text.choices[0].text == ids.choices[0].text != ""
    assert text.usage.prompt_tokens == ids.usage.prompt_tokens


def test_a_list_of_prompts_is_answered_in_order(client: OpenAI, http: httpx.Client) -> None:
    prompts = [PROMPT, "The sum of", "One, two,"]
    alone = [complete(client, prompt) for prompt in prompts]
    expected = [reply.choices[0].text for reply in alone]
    together = complete(client, prompts)
    assert [choice.index for choice in together.choices] == [0, 1, 2]
    assert [choice.text for choice in together.choices] == expected
    assert together.usage.prompt_tokens == sum(reply.usage.prompt_tokens for reply in alone)
    ids = complete(client, [tokenize(http, prompt) for prompt in prompts])
    assert [choice.text for choice in ids.choices] == expected


def test_n_answers_for_each_prompt(client: OpenAI) -> None:
    reply = complete(client, [PROMPT, "The sum of"], n=2, max_tokens=4)
    texts = [choice.text for choice in reply.choices]
    assert texts[0] == texts[1]
    assert texts[2] == texts[3]
    assert texts[0] != texts[2]


@pytest.mark.parametrize("as_ids", [False, True])
def test_echo_begins_with_the_prompt(client: OpenAI, http: httpx.Client, as_ids: bool) -> None:
    plain = complete(client, PROMPT).choices[0].text
    prompt = tokenize(http, PROMPT) if as_ids else PROMPT
    assert complete(client, prompt, echo=True).choices[0].text == PROMPT + plain
    with complete(client, prompt, echo=True, stream=True) as stream:
        assert "".join(chunk.choices[0].text for chunk in stream) == PROMPT + plain


def test_a_stream_is_the_same_answer(client: OpenAI) -> None:
    whole = complete(client, [PROMPT, "The sum of"])
    texts, usage = {0: "", 1: ""}, None
    with complete(
        client, [PROMPT, "The sum of"], stream=True, stream_options={"include_usage": True}
    ) as stream:
        for chunk in stream:
            usage = chunk.usage
            for choice in chunk.choices:
                texts[choice.index] += choice.text
    assert list(texts.values()) == [choice.text for choice in whole.choices]
    assert usage
    assert usage.completion_tokens == whole.usage.completion_tokens


def test_legacy_logprobs(client: OpenAI) -> None:
    choice = complete(client, PROMPT, logprobs=2).choices[0]
    logprobs = choice.logprobs
    assert "".join(logprobs.tokens) == choice.text
    assert all(len(top) <= 3 for top in logprobs.top_logprobs)
    for token, value, top, offset in zip(
        logprobs.tokens,
        logprobs.token_logprobs,
        logprobs.top_logprobs,
        logprobs.text_offset,
        strict=True,
    ):
        assert choice.text[offset:].startswith(token)
        assert top[token] == value <= 0


def test_logprobs_of_none_but_the_drawn(client: OpenAI) -> None:
    logprobs = complete(client, PROMPT, logprobs=0, max_tokens=3).choices[0].logprobs
    drawn = list(zip(logprobs.tokens, logprobs.token_logprobs, strict=True))
    assert len(drawn) == 3
    assert logprobs.top_logprobs == [{token: value} for token, value in drawn]


def joined(chunks: Any) -> dict[str, list[Any]]:
    whole: dict[str, list[Any]] = {}
    for chunk in chunks:
        found = chunk.choices[0].logprobs
        for name, values in (found.model_dump() if found else {}).items():
            whole.setdefault(name, []).extend(values)
    return whole


@pytest.mark.parametrize("as_ids", [False, True])
@pytest.mark.parametrize("max_tokens", [0, 1, 6])
def test_echo_with_logprobs_has_those_of_all_tokens(
    client: OpenAI, http: httpx.Client, as_ids: bool, max_tokens: int
) -> None:
    ids = tokenize(http, PROMPT)
    asked = {"max_tokens": max_tokens, "ignore_eos": True}
    fields = {"echo": True, "logprobs": 2, "max_tokens": max_tokens, "extra_body": asked}
    reply = complete(client, ids if as_ids else PROMPT, **fields)
    [choice] = reply.choices
    found = choice.logprobs.model_dump()
    assert choice.text.startswith(PROMPT)
    assert choice.finish_reason == "length"
    assert "".join(found["tokens"]) == choice.text
    assert {len(values) for values in found.values()} == {len(ids) + max_tokens}
    assert found["token_logprobs"][0] is found["top_logprobs"][0] is None
    for token, offset in zip(found["tokens"], found["text_offset"], strict=True):
        assert choice.text[offset:].startswith(token)
    told = zip(found["tokens"], found["token_logprobs"], found["top_logprobs"], strict=True)
    for token, value, top in list(told)[1:]:
        assert top[token] == value <= max(top.values()) <= 0
        assert len(top) in (2, 3)
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (len(ids), max_tokens)
    assert reply.usage.prompt_tokens_details.cached_tokens == 0
    with complete(client, ids if as_ids else PROMPT, stream=True, **fields) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].text for chunk in chunks) == choice.text
    assert joined(chunks) == found


def test_the_prompts_logprobs_are_those_its_tokens_have_as_an_answer(client: OpenAI) -> None:
    answer = complete(client, PROMPT, logprobs=3, max_tokens=5).choices[0]
    echoed = complete(client, PROMPT + answer.text, logprobs=3, echo=True, max_tokens=0)
    found, count = echoed.choices[0].logprobs, len(answer.logprobs.tokens)
    assert found.tokens[-count:] == answer.logprobs.tokens
    assert found.token_logprobs[-count:] == pytest.approx(answer.logprobs.token_logprobs, abs=1e-3)
    for token, value, top in list(
        zip(found.tokens, found.token_logprobs, found.top_logprobs, strict=True)
    )[-count:]:
        assert max(top.values()) == top[token] == value


def test_scores_as_lm_eval_reads_them(client: OpenAI, http: httpx.Client) -> None:
    """Its sum over `[len(context):-1]` is the model's own; `is_greedy` reports the best answer."""
    model = qwen3mlx.load_model(library.resolve("demo"))
    best = complete(client, PROMPT, max_tokens=4).choices[0].text
    contexts = {PROMPT: [best, "Goodbye"], "The sum of two and two is": [" four", " 四"]}
    pairs = [
        (tokenize(http, one), tokenize(http, two)) for one in contexts for two in contexts[one]
    ]
    asked = {"temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": True}
    reply = complete(client, [one + two for one, two in pairs], **asked)
    greedy = []
    for choice, (context, answer) in zip(reply.choices, pairs, strict=True):
        found, part = choice.logprobs, slice(len(context), -1)
        logits = model(mx.array([context + answer]))[0].astype(mx.float32)[len(context) - 1 : -1]
        own = mx.take_along_axis(logits, mx.array(answer)[:, None], axis=-1)[:, 0]
        expected = (own - mx.logsumexp(logits, axis=-1)).sum().item()
        assert sum(found.token_logprobs[part]) == pytest.approx(expected, abs=1e-3)
        tops = [max(top.values()) for top in found.top_logprobs[part]]
        greedy.append(found.token_logprobs[part] == tops)
    assert greedy == [True, False, False, False]


def test_echoes_of_several_prompts_and_answers(client: OpenAI, http: httpx.Client) -> None:
    prompts = [PROMPT, "One, two,", "", "é四🎉"]
    reply = complete(client, prompts, echo=True, logprobs=1, n=2, max_tokens=1)
    counts = [len(tokenize(http, prompt or "<|endoftext|>")) for prompt in prompts]
    for choice in reply.choices:
        assert choice.text.startswith(prompts[choice.index // 2])
        # The one that was generated is there, also where it is the end of the turn.
        assert len(choice.logprobs.tokens) == counts[choice.index // 2] + 1
    assert reply.usage.prompt_tokens == sum(counts)


@pytest.mark.parametrize("fields", [{"stop_token_ids": list(range(2000))}, {"stop": ["e", " "]}])
def test_echo_has_the_token_that_ended_the_answer(
    client: OpenAI, http: httpx.Client, fields: dict[str, Any]
) -> None:
    """Or a client that leaves out the generated one leaves out one of the prompt's."""
    reply = complete(client, PROMPT, echo=True, logprobs=1, max_tokens=9, extra_body=fields)
    [choice] = reply.choices
    assert len(choice.logprobs.tokens) == sum(
        (reply.usage.prompt_tokens, reply.usage.completion_tokens)
    )
    assert len(choice.text) >= max(choice.logprobs.text_offset)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"suffix": "end"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"logprobs": 21}, "logprobs"),
        ({"temperature": -1}, "temperature"),
        ({"prompt": [99999999]}, "prompt"),
    ],
)
def test_what_is_unsupported_is_named(client: OpenAI, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        complete(client, **{"prompt": PROMPT, **fields})
    assert caught.value.param == param
