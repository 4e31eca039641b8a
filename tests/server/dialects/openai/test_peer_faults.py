"""Faults of mlx_lm.server 0.32.2: one test for each, numbered as in the project's list."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openai import APITimeoutError, BadRequestError, NotFoundError, OpenAI

from tests.server.live import LiveServer

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
PROMPT = "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "note",
        "parameters": {
            "type": "object",
            "properties": {"text": {"type": "string", "minLength": 20, "maxLength": 24}},
            "required": ["text"],
        },
    },
}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
ASK_WEATHER: list[Any] = [{"role": "user", "content": "What is the weather in Oslo?"}]


def chat(
    client: OpenAI,
    messages: list[Any] = HELLO,
    *,
    thinking: bool = False,
    extra_body: Any = None,
    **fields: Any,
) -> Any:
    extra = {"chat_template_kwargs": {"enable_thinking": thinking}, **(extra_body or {})}
    return client.chat.completions.create(
        model="demo", messages=messages, temperature=0, extra_body=extra, **fields
    )


def complete(client: OpenAI, prompt: Any, **fields: Any) -> Any:
    return client.completions.create(model="demo", prompt=prompt, temperature=0, **fields)


def tokenize(http: httpx.Client, **body: Any) -> list[int]:
    ids: list[int] = http.post("/tokenize", json={"model": "demo", **body}).json()["tokens"]
    return ids


def only(http: httpx.Client, text: str) -> dict[str, int]:
    """A `logit_bias` that leaves the model nothing to write but the first token of `text`."""
    return {str(tokenize(http, prompt=text)[0]): 100}


def test_fault_01_a_list_of_prompts_is_answered_and_the_engine_lives(client: OpenAI) -> None:
    texts = [choice.text for choice in complete(client, [PROMPT, PROMPT], max_tokens=8).choices]
    assert texts[0] == texts[1] != ""
    assert complete(client, PROMPT, max_tokens=8).choices[0].text == texts[0]


def test_fault_02_a_prompt_that_is_all_in_the_cache_is_answered(client: OpenAI) -> None:
    whole = complete(client, PROMPT, max_tokens=6).choices[0].text
    begun = complete(client, PROMPT, max_tokens=3).choices[0].text
    assert whole.startswith(begun)
    for _ in range(2):
        rest = complete(client, PROMPT + begun, max_tokens=3)
        assert begun + rest.choices[0].text == whole
    assert rest.usage.prompt_tokens_details.cached_tokens >= rest.usage.prompt_tokens - 1


def test_fault_08_a_prompt_that_cannot_fit_is_refused_before_work(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        complete(client, "word " * 9000)
    assert caught.value.code == "context_length_exceeded"


def test_fault_09_a_stop_string_inside_a_token_ends_the_answer(client: OpenAI) -> None:
    whole = chat(client, logprobs=True).choices[0]
    tokens = [entry.token for entry in whole.logprobs.content]
    inside = next(token for token in tokens[1:] if len(token) > 3)
    reply = chat(client, stop=[inside[1:-1]])
    assert reply.choices[0].message.content == whole.message.content.split(inside[1:-1])[0]
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.completion_tokens < len(tokens)


@pytest.mark.parametrize("stream", [False, True])
def test_fault_10_a_begun_marker_at_the_end_is_not_lost(
    client: OpenAI, http: httpx.Client, stream: bool
) -> None:
    [begun], [end] = tokenize(http, prompt="<"), tokenize(http, prompt="<|im_end|>")
    asked: Any = {
        "tools": [TOOL],
        "logit_bias": {str(begun): 50, str(end): 100},
        "extra_body": {"min_tokens": 1},
    }
    if stream:
        with chat(client, stream=True, **asked) as chunks:
            content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    else:
        content = chat(client, **asked).choices[0].message.content
    assert content == "<"


def test_fault_11_think_in_the_users_text_is_only_text(client: OpenAI, http: httpx.Client) -> None:
    [think] = tokenize(http, prompt="<think>")
    asked = [{"role": "user", "content": "Hello! <think> is a tag."}]
    message = chat(client, asked, thinking=True, logit_bias={str(think): -100}).choices[0].message
    assert message.content
    assert not hasattr(message, "reasoning_content")


def test_fault_12_a_call_that_is_cut_off_is_a_call_as_far_as_it_is_known(client: OpenAI) -> None:
    choice = chat(client, ASK_WEATHER, tools=[WEATHER], stop="city").choices[0]
    assert choice.message.content is None
    assert [call.function.name for call in choice.message.tool_calls] == ["get_weather"]
    assert choice.finish_reason == "stop"


def test_fault_12_arguments_in_the_history_are_missing_or_text_or_an_object(
    http: httpx.Client,
) -> None:
    def prompt(**arguments: Any) -> list[int]:
        call = {"id": "1", "type": "function", "function": {"name": "note", **arguments}}
        messages = [*HELLO, {"role": "assistant", "tool_calls": [call]}]
        return tokenize(http, messages=messages)

    assert prompt(arguments='{"text": "x"}') == prompt(arguments={"text": "x"})
    assert prompt() == prompt(arguments="{}") != prompt(arguments={"text": "x"})


def test_fault_13_calls_are_only_looked_for_where_tools_were_sent(
    client: OpenAI, http: httpx.Client
) -> None:
    """Agents that write their tools into the system prompt parse the calls themselves."""
    ids = tokenize(http, messages=ASK_WEATHER, tools=[WEATHER])
    prompt = http.post("/detokenize", json={"tokens": ids}).json()["prompt"]
    system = prompt.removeprefix("<|im_start|>system\n").partition("<|im_end|>")[0]
    sent = chat(client, ASK_WEATHER, tools=[WEATHER]).choices[0]
    assert sent.finish_reason == "tool_calls"
    written = chat(client, [{"role": "system", "content": system}, *ASK_WEATHER]).choices[0]
    call = sent.message.tool_calls[0].function
    assert written.message.tool_calls is None
    assert written.finish_reason == "stop"
    assert f'"name": "{call.name}", "arguments": {call.arguments}' in written.message.content


def test_fault_13_arguments_stream(client: OpenAI) -> None:
    with chat(client, tools=[TOOL], tool_choice="required", stream=True) as stream:
        pieces = [
            call.function.arguments
            for chunk in stream
            for call in chunk.choices[0].delta.tool_calls or ()
            if call.index == 0
        ]
    assert len(pieces) > 4
    assert len(json.loads("".join(pieces))["text"]) >= 20


def test_fault_14_thoughts_sent_back_reach_the_template(http: httpx.Client) -> None:
    def prompt(**thought: str) -> list[int]:
        call = {"id": "1", "type": "function", "function": {"name": "note", "arguments": "{}"}}
        turn = {"role": "assistant", "content": "", "tool_calls": [call], **thought}
        return tokenize(http, messages=[*HELLO, turn, {"role": "tool", "content": "ok"}])

    assert prompt(reasoning_content="Hm.") == prompt(reasoning="Hm.") != prompt()


def test_fault_15_null_is_not_given(http: httpx.Client) -> None:
    nulls = dict.fromkeys(["temperature", "max_tokens", "stream", "stop", "seed"])
    body = {**nulls, "model": "demo", "messages": HELLO, "xtc_probability": 0}
    assert http.post("/v1/chat/completions", json=body).status_code == 200


def test_fault_15_empty_stream_options_do_not_break_the_stream(http: httpx.Client) -> None:
    body = {"model": "demo", "messages": HELLO, "stream": True, "stream_options": {}}
    text = http.post("/v1/chat/completions", json=body).text
    assert '"finish_reason":"stop"' in text
    assert text.endswith("data: [DONE]\n\n")


def test_fault_16_a_leading_space_stays(client: OpenAI, http: httpx.Client) -> None:
    [space_token] = tokenize(http, prompt=" the")
    reply = complete(client, "In", logit_bias={str(space_token): 100}, max_tokens=2)
    assert reply.choices[0].text == " the the"


@pytest.mark.slow
def test_fault_17_answers_are_not_cut_after_512_tokens(client: OpenAI, http: httpx.Client) -> None:
    [token_id] = tokenize(http, prompt=" the")
    # It cannot be sampled before 520 tokens are out; then nothing else can, and it ends the answer.
    extra = {"min_tokens": 520, "stop_token_ids": [token_id]}
    reply = complete(client, PROMPT, logit_bias={str(token_id): 100}, extra_body=extra)
    assert reply.usage.completion_tokens == 521
    assert reply.choices[0].finish_reason == "stop"


def test_fault_17_the_checkpoints_own_sampling_is_the_default(client: OpenAI) -> None:
    def text(seed: int, **fields: Any) -> str:
        reply = client.completions.create(
            model="demo", prompt="Spell", seed=seed, max_tokens=24, **fields
        )
        return reply.choices[0].text

    assert len({text(seed) for seed in range(8)}) > 1
    own = {"temperature": 0.2, "top_p": 0.9, "extra_body": {"top_k": 20}}
    assert all(text(seed) == text(seed, **own) for seed in range(2))


@pytest.mark.parametrize("thinking", [True, False])
def test_fault_18_a_schema_binds_the_answer(client: OpenAI, thinking: bool) -> None:
    schema = {
        "type": "object",
        "properties": {"size": {"enum": ["big", "small"]}, "count": {"enum": [1, 2, 3]}},
        "required": ["size", "count"],
        "additionalProperties": False,
    }
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}
    reply = chat(client, response_format=wanted, thinking=thinking)
    made = json.loads(reply.choices[0].message.content)
    assert set(made) == {"size", "count"}
    assert made["size"] in ("big", "small")
    assert made["count"] in (1, 2, 3)
    assert hasattr(reply.choices[0].message, "reasoning_content") == thinking


def test_fault_19_tool_choice_is_supported(client: OpenAI, http: httpx.Client) -> None:
    forced = chat(client, tools=[TOOL], tool_choice="required").choices[0]
    assert forced.finish_reason == "tool_calls"
    assert forced.message.tool_calls[0].function.name == "note"
    bias = only(http, "<tool_call>")
    none = chat(client, tools=[TOOL], tool_choice="none", logit_bias=bias, max_tokens=2).choices[0]
    assert none.message.tool_calls is None
    with pytest.raises(BadRequestError, match="tool_choice"):
        chat(client, tool_choice="required")


def test_fault_20_a_thinking_budget_is_kept(client: OpenAI) -> None:
    asked = [{"role": "user", "content": 'How many "r" are in "strawberry"?'}]
    free = chat(client, asked, thinking=True)
    kept = chat(client, asked, thinking=True, extra_body={"thinking_budget": 6})
    early_stop = "Considering the limited time"
    assert free.usage.completion_tokens_details.reasoning_tokens > 20
    assert early_stop not in free.choices[0].message.reasoning_content
    assert early_stop in kept.choices[0].message.reasoning_content
    assert kept.choices[0].message.content


def test_fault_21_other_sites_read_nothing_and_start_nothing(http: httpx.Client) -> None:
    evil = {"Origin": "https://evil.example"}
    assert "access-control-allow-origin" not in http.get("/v1/models", headers=evil).headers
    body = {"model": "demo", "messages": HELLO}
    assert http.post("/v1/chat/completions", json=body, headers=evil).status_code == 403
    assert http.get("/v1/models", headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_fault_21_nothing_is_fetched_or_downloaded(client: OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/secret.png"}}
    with pytest.raises(BadRequestError) as caught:
        chat(client, [{"role": "user", "content": [image]}])
    assert caught.value.param == "messages[0].content[0].image_url"
    for name in ("Qwen/Qwen3-0.6B", "/etc", "../../etc"):
        with pytest.raises(NotFoundError):
            client.chat.completions.create(model=name, messages=HELLO)


def test_fault_22_an_unknown_name_leaves_the_model_in_memory(client: OpenAI) -> None:
    chat(client)
    with pytest.raises(NotFoundError):
        client.chat.completions.create(model="nobody", messages=HELLO)
    assert "load_ms" not in chat(client).timings


def test_fault_23_models_are_listed_without_a_hub_cache(http: httpx.Client) -> None:
    listed = http.get("/v1/models").json()
    assert listed["object"] == "list"
    assert {"demo", "demo-moe"} <= {model["id"] for model in listed["data"]}


@pytest.mark.parametrize("stream", [False, True])
def test_fault_a_client_that_goes_away_ends_its_request(
    server: LiveServer, client: OpenAI, stream: bool
) -> None:
    """From the list's first section: theirs runs on, and a later request waits behind it."""
    endless: dict[str, Any] = {"extra_body": {"min_tokens": 4000}, "stream": stream}
    if stream:
        with chat(client, **endless) as chunks:
            next(iter(chunks))
    else:
        with pytest.raises(APITimeoutError):
            chat(client.with_options(timeout=0.5), **endless)
    server.wait_until_idle()
