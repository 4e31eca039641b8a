"""The unmodified `ollama` client against a live server with the demo checkpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from ollama import ChatResponse, Client, ResponseError

GREEDY = {"temperature": 0}
SUM = [{"role": "user", "content": "What is 2+2?"}]


@pytest.fixture
def client(server: Any) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.fixture
def http(server: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def get_weather(city: str) -> str:
    """Get the current weather in a city.

    Args:
        city: The name of the city
    """
    return f"sunny in {city}"


def loaded(client: Client) -> list[str | None]:
    return [model.model for model in client.ps().models]


def wait_until_unloaded(client: Client, name: str) -> None:
    patience = time.monotonic() + 10
    while name in loaded(client):
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_chat_thinks_first_and_keeps_it_apart(client: Client) -> None:
    answer = client.chat("demo", SUM, options=GREEDY)
    assert answer.message.thinking
    assert "<think>" not in answer.message.thinking
    assert answer.message.content == "2 + 2 = 4."
    assert (answer.model, answer.done, answer.done_reason) == ("demo", True, "stop")
    assert answer.prompt_eval_count
    assert answer.eval_count
    assert answer.total_duration
    assert answer.eval_duration
    assert answer.total_duration >= answer.eval_duration


def test_a_chat_stream_is_the_answer_in_pieces(client: Client) -> None:
    whole = client.chat("demo", SUM, options=GREEDY, logprobs=True)
    parts = list(client.chat("demo", SUM, options=GREEDY, logprobs=True, stream=True))
    assert len(parts) > 5
    assert "".join(part.message.content or "" for part in parts) == whole.message.content
    assert "".join(part.message.thinking or "" for part in parts) == whole.message.thinking
    tokens = [entry.token for part in parts for entry in part.logprobs or ()]
    assert tokens == [entry.token for entry in whole.logprobs or ()]
    assert len(tokens) == (whole.eval_count or 0) - 1  # the end of the turn has none
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == whole.eval_count


def test_think_switches_thinking(client: Client) -> None:
    off = client.chat("demo", SUM, think=False, options=GREEDY)
    assert off.message.thinking is None
    assert off.message.content
    on = client.chat("demo", SUM, think=True, options=GREEDY)
    assert on.message.thinking
    low = client.chat("demo", SUM, think="low", options=GREEDY)
    assert low.message.thinking == on.message.thinking


def test_logprobs_have_their_alternatives(client: Client) -> None:
    options = {**GREEDY, "num_predict": 3}
    answer = client.chat("demo", SUM, options=options, logprobs=True, top_logprobs=2)
    assert answer.logprobs is not None
    assert len(answer.logprobs) == 3
    for entry in answer.logprobs:
        assert entry.logprob <= 0
        assert entry.top_logprobs is not None
        assert len(entry.top_logprobs) == 2
        assert entry.top_logprobs[0].token == entry.token


def test_tools_are_called_with_an_object_and_their_results_read(client: Client) -> None:
    messages: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
    options: dict[str, Any] = {"think": False, "options": GREEDY, "tools": [get_weather]}
    first = client.chat("demo", messages, **options)
    assert first.message.tool_calls is not None
    (call,) = first.message.tool_calls
    assert call.function.name == "get_weather"
    assert call.function.arguments == {"city": "Paris"}
    assert first.done_reason == "stop"
    result = get_weather(**call.function.arguments)
    messages += [first.message, {"role": "tool", "content": result, "tool_name": "get_weather"}]
    last = client.chat("demo", messages, **options)
    assert last.message.content
    assert not last.message.tool_calls
    assert (last.prompt_eval_count or 0) > (first.prompt_eval_count or 0)


def test_a_streamed_call_comes_whole(client: Client) -> None:
    messages = [{"role": "user", "content": "What is the weather in Paris?"}]
    parts: list[ChatResponse] = list(
        client.chat("demo", messages, think=False, options=GREEDY, tools=[get_weather], stream=True)
    )
    calls = [call for part in parts for call in part.message.tool_calls or ()]
    assert [call.function.arguments for call in calls] == [{"city": "Paris"}]
    assert not any(part.message.content for part in parts)


def test_format_binds_the_answer_to_a_schema(client: Client) -> None:
    schema = {
        "type": "object",
        "properties": {"age": {"type": "integer"}, "name": {"enum": ["Ann", "Bob"]}},
        "required": ["age", "name"],
        "additionalProperties": False,
    }
    options = {**GREEDY, "num_predict": 200}
    for think in (False, True):
        answer = client.chat("demo", SUM, format=schema, think=think, options=options)
        value = json.loads(answer.message.content or "")
        assert set(value) == {"age", "name"}
        assert isinstance(value["age"], int)
        assert bool(answer.message.thinking) is think


def test_generate(client: Client) -> None:
    whole = client.generate("demo", "What is 2+2?", options=GREEDY)
    assert whole.response == "2 + 2 = 4."
    assert whole.thinking
    parts = list(client.generate("demo", "What is 2+2?", options=GREEDY, stream=True))
    assert "".join(part.response or "" for part in parts) == whole.response
    assert "".join(part.thinking or "" for part in parts) == whole.thinking
    assert parts[-1].done_reason == "stop"
    chat = client.chat("demo", SUM, options=GREEDY)
    assert whole.response == chat.message.content


def test_generate_raw_leaves_the_template_out(client: Client) -> None:
    prompt = "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n"
    prompt += "<think>\n\n</think>\n\n"
    raw = client.generate("demo", prompt, raw=True, options=GREEDY)
    plain = client.generate("demo", "What is 2+2?", think=False, options=GREEDY)
    assert raw.response == plain.response
    assert raw.prompt_eval_count == plain.prompt_eval_count


def test_num_predict_and_stop_end_an_answer(client: Client) -> None:
    short = client.chat("demo", SUM, options={**GREEDY, "num_predict": 3})
    assert (short.done_reason, short.eval_count) == ("length", 3)
    stopped = client.chat("demo", SUM, think=False, options={**GREEDY, "stop": ["="]})
    assert stopped.done_reason == "stop"
    assert "=" not in (stopped.message.content or "")


def test_an_answer_that_is_begun_goes_on(client: Client) -> None:
    begun = [*SUM, {"role": "assistant", "content": "2 + 2 ="}]
    answer = client.chat("demo", begun, options={**GREEDY, "num_predict": 5})
    assert (answer.message.content or "").startswith(" ")
    assert answer.message.thinking is None


def test_one_seed_gives_one_answer(client: Client) -> None:
    options = {"temperature": 2.0, "top_p": 1.0, "top_k": 0, "num_predict": 24}

    def answer(seed: int) -> str | None:
        messages = [{"role": "user", "content": "Compare a tower and a river."}]
        answer = client.chat("demo", messages, think=False, options={**options, "seed": seed})
        return answer.message.content

    assert answer(1) == answer(1)
    assert len({answer(seed) for seed in range(5)}) > 1


def test_models_are_listed_and_shown(client: Client) -> None:
    listed = {model.model for model in client.list().models}
    assert {"demo:latest", "demo-moe:latest"} <= listed
    for name in ("demo", "demo:latest", "DEMO"):
        shown = client.show(name)
        assert shown.capabilities == ["completion", "tools", "thinking"]
        assert shown.details is not None
        assert shown.details.family == "qwen3"


def test_the_older_field_for_the_name_is_read(http: httpx.Client) -> None:
    assert http.post("/api/show", json={"model": None, "name": "demo"}).status_code == 200
    reply = http.post("/api/show", json={})
    assert (reply.status_code, reply.json()) == (400, {"error": "model is missing."})


def test_an_empty_request_loads_and_unloads(client: Client) -> None:
    assert client.chat("demo-moe", [], keep_alive="10m").done_reason == "load"
    assert "demo-moe:latest" in loaded(client)
    assert client.generate("demo-moe", "", keep_alive=0).done_reason == "unload"
    assert "demo-moe:latest" not in loaded(client)
    assert client.generate("demo-moe", "").done_reason == "load"
    assert client.chat("demo-moe", [], keep_alive=0).done_reason == "unload"
    assert "demo-moe:latest" not in loaded(client)


def test_keep_alive_is_how_long_the_model_stays(client: Client) -> None:
    options = {**GREEDY, "num_predict": 1}
    for keep_alive, low, high in (("5m", 200, 400), (-1, 1e9, 1e11)):
        client.chat("demo-moe", SUM, keep_alive=keep_alive, options=options)
        (running,) = [m for m in client.ps().models if m.model == "demo-moe:latest"]
        assert running.expires_at is not None
        assert low < running.expires_at.timestamp() - time.time() < high
        assert running.context_length
    client.chat("demo-moe", SUM, keep_alive=0, options=options)
    wait_until_unloaded(client, "demo-moe:latest")


def test_embed(client: Client) -> None:
    answer = client.embed("demo", ["Hello", "Good night"])
    first, second = answer.embeddings
    assert sum(value * value for value in first) == pytest.approx(1, abs=1e-3)
    assert first != second
    assert answer.prompt_eval_count
    (short,) = client.embed("demo", "Hello", dimensions=16).embeddings
    assert len(short) == 16
    assert sum(value * value for value in short) == pytest.approx(1, abs=1e-3)
    assert client.embeddings("demo", "Hello").embedding == pytest.approx(first, abs=1e-4)


def test_embed_refuses_what_the_context_does_not_hold_if_told_not_to_cut(client: Client) -> None:
    with pytest.raises(ResponseError, match="tokens") as caught:
        client.embed("demo", "one two three four five " * 1200, truncate=False)
    assert caught.value.status_code == 400


@pytest.mark.slow
def test_embed_cuts_what_the_context_does_not_hold(client: Client) -> None:
    answer = client.embed("demo", "one two three four five " * 1200)
    (context,) = [m.context_length for m in client.ps().models if m.model == "demo:latest"]
    assert context is not None
    assert answer.prompt_eval_count == context - 1


def test_embed_without_input_loads_only(client: Client) -> None:
    assert client.embed("demo", []).embeddings == []
    assert client.embed("demo", "").embeddings == []
    assert client.embeddings("demo", "").embedding == []


@pytest.mark.parametrize("texts", [[""], ["a", "", "b"]])
def test_there_is_a_vector_for_each_member_or_an_error(client: Client, texts: list[str]) -> None:
    with pytest.raises(
        ResponseError, match=rf"input\[{texts.index('')}\] must not be empty"
    ) as caught:
        client.embed("demo", texts)
    assert caught.value.status_code == 400


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"model": "nobody"}, 404, "demo"),
        ({"model": ":latest"}, 400, "model"),
        ({"options": {"typical_p": 0.5}}, 400, "options.typical_p"),
        ({"options": {"temperature": -1}}, 400, "temperature"),
        ({"messages": [{"role": "user", "content": "", "images": [b"x"]}]}, 400, "images"),
        ({"messages": [{"role": "nobody", "content": "?"}]}, 400, "role"),
        ({"keep_alive": "soon"}, 400, "keep_alive"),
        ({"think": "much"}, 400, "think.*true, false, low"),
        ({"messages": [{"role": "user", "content": "long " * 9000}]}, 400, "context"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_errors_come_before_the_answer(
    client: Client, fields: dict[str, Any], status: int, told: str, stream: bool
) -> None:
    given = {"model": "demo", "messages": SUM, **fields, "stream": stream}
    with pytest.raises(ResponseError, match=told) as caught:
        list(client.chat(**given))
    assert caught.value.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/create", {"model": "mine", "from": "demo"}),
        ("POST", "/api/push", {"model": "demo"}),
    ],
)
def test_what_is_not_done_says_so(
    http: httpx.Client, method: str, path: str, body: dict[str, Any]
) -> None:
    reply = http.request(method, path, json=body)
    assert reply.status_code == 501
    assert list(reply.json()) == ["error"]


def test_a_stream_is_lines_of_json_and_the_default(http: httpx.Client) -> None:
    body = {"model": "demo:latest", "messages": SUM, "options": {**GREEDY, "num_predict": 4}}
    reply = http.post("/api/chat", json=body)
    assert reply.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert len(lines) > 2
    assert {line["model"] for line in lines} == {"demo:latest"}
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_body_is_json_whatever_its_header_says(http: httpx.Client, content_type: str) -> None:
    body = json.dumps({"model": "demo", "prompt": "What is 2+2?", "stream": False})
    headers = {"Content-Type": content_type}
    for path in ("/api/generate", "/api/embed", "/api/show", "/api/pull"):
        assert http.post(path, content=body, headers=headers).status_code == 200
    reply = http.post("/api/generate", content="not JSON", headers=headers)
    assert reply.status_code == 400
    assert "JSON" in reply.json()["error"]


def test_a_web_page_of_another_site_may_not_ask(http: httpx.Client) -> None:
    headers = {"Content-Type": "text/plain", "Origin": "https://example.com"}
    body = json.dumps({"model": "demo", "prompt": "What is 2+2?"})
    reply = http.post("/api/generate", content=body, headers=headers)
    assert reply.status_code == 403
    assert list(reply.json()) == ["error"]


def test_probes(http: httpx.Client) -> None:
    assert http.head("/api/version").status_code == 200
    assert http.head("/api/tags").status_code == 200
    major, minor, _ = map(int, http.get("/api/version").json()["version"].split("."))
    assert (major, minor) >= (0, 12)


LONG: dict[str, Any] = {
    "format": {"type": "string", "minLength": 3000},
    "think": False,
    "stream": True,
}


def test_unloading_waits_for_running_answers(client: Client) -> None:
    options = {**GREEDY, "num_predict": 60}
    stream = client.chat("demo-moe", SUM, options=options, **LONG)
    first = next(stream)
    assert client.chat("demo-moe", [], keep_alive=0).done_reason == "unload"
    parts = [first, *stream]
    assert (parts[-1].done_reason, parts[-1].eval_count) == ("length", 60)
    wait_until_unloaded(client, "demo-moe:latest")


def test_a_fault_in_a_running_stream_is_its_last_line(server: Any, client: Client) -> None:
    stream = client.chat("demo-moe", SUM, **LONG)
    assert next(stream).done is False
    server.service.engine.unload("demo-moe").result()
    with pytest.raises(ResponseError, match="demo-moe was unloaded"):
        list(stream)


def test_a_closed_connection_ends_the_answer(server: Any, client: Client) -> None:
    body = {"model": "demo", "messages": SUM, **LONG}
    with httpx.stream("POST", f"{server.url}/api/chat", json=body) as reply:
        next(reply.iter_lines())
        assert server.service.engine.stats().running == 1
    server.wait_until_idle()
    assert client.chat("demo", SUM, options=GREEDY).message.content == "2 + 2 = 4."


def test_a_client_that_goes_before_the_answer_ends_it(server: Any) -> None:
    body = {"model": "demo", "messages": SUM, **LONG, "stream": False}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/api/chat", json=body, timeout=httpx.Timeout(30, read=0.3))
    server.wait_until_idle()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"options": {"temperature": -1}}, "options.temperature"),
        ({"options": {"top_k": "many"}}, "options.top_k"),
        ({"options": {"top_p": 2}}, "options.top_p"),
        ({"options": {"repeat_penalty": 0}}, "options.repeat_penalty"),
        ({"options": {"presence_penalty": 5}}, "options.presence_penalty"),
        ({"options": {"num_predict": 2**40}}, "options.num_predict"),
        ({"options": {"stop": [1]}}, "options.stop[0]"),
        ({"options": {"typical_p": 0.5}}, "options.typical_p"),
        ({"format": "xml"}, "format"),
        ({"top_logprobs": 30, "logprobs": True}, "top_logprobs"),
    ],
)
def test_errors_name_ollamas_own_fields(server: Any, fields: dict[str, Any], name: str) -> None:
    for path, start in (
        ("/api/chat", {"messages": [{"role": "user", "content": "Hi"}]}),
        ("/api/generate", {"prompt": "Hi"}),
    ):
        reply = server.http.post(path, json={"model": "demo", **start, **fields})
        assert reply.status_code == 400
        assert reply.json()["error"].startswith(f"{name} "), reply.text


@pytest.mark.parametrize("keep_alive", [-1, "-1", "5m", 0, "0", 300.0, "1h30m", "-5m", "", None])
def test_keep_alive_in_every_form(server: Any, keep_alive: object) -> None:
    few = {"num_predict": 1}
    body = {"model": "demo", "prompt": "Hi", "options": few, "stream": False}
    for path in ("/api/generate", "/api/embed", "/api/embeddings"):
        reply = server.http.post(path, json={**body, "keep_alive": keep_alive})
        assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_a_line_end_of_unicode_does_not_end_the_line(client: Client, end: str) -> None:
    """The client reads a stream with `splitlines`."""
    text = f"one{end}two"
    parts = client.chat("demo", SUM, stream=True, think=False, format={"const": text})
    assert json.loads("".join(part.message.content or "" for part in parts)) == text
