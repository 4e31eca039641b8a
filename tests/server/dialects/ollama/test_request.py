"""Bodies -> requests: every field supported, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from qwen3mlx.config import SamplingParams
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.request import GenerationRequest
from qwen3mlx.server.dialects.ollama.request import chat_request, generate_request, plain_name
from qwen3mlx.server.dialects.ollama.schemas import ChatBody, GenerateBody
from qwen3mlx.server.dialects.shared.request_fields import EFFORT_BUDGETS
from qwen3mlx.text.messages import normalize_messages

HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {
    "type": "function",
    "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}},
}


def chat(**fields: Any) -> GenerationRequest:
    request = chat_request(ChatBody.model_validate({"model": "demo", "messages": HELLO, **fields}))
    assert request is not None
    return request


def generate(**fields: Any) -> GenerationRequest:
    request = generate_request(GenerateBody.model_validate({"model": "demo", **fields}))
    assert request is not None
    return request


def sampling(**options: Any) -> dict[str, Any]:
    return dict(chat(options=options).sampling)


def test_options_are_sampling_under_the_engines_names() -> None:
    given = sampling(
        temperature=0.5, top_k=10, top_p=0.8, min_p=0.1, repeat_penalty=1.1, presence_penalty=0.5,
        frequency_penalty=-0.5, seed=7, stop=["\n", "user:"], num_predict=100,
    )  # fmt: skip
    assert given == {
        "temperature": 0.5, "top_k": 10, "top_p": 0.8, "min_p": 0.1, "repetition_penalty": 1.1,
        "presence_penalty": 0.5, "frequency_penalty": -0.5, "seed": 7, "stop": ["\n", "user:"],
        "max_tokens": 100,
    }  # fmt: skip
    SamplingParams(**given)


def test_nothing_given_leaves_all_to_the_checkpoint() -> None:
    request = chat()
    assert (request.sampling, request.enable_thinking, request.json_schema) == ({}, None, None)
    assert sampling(temperature=None, stop=None, mirostat=None) == {}


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("num_predict", -1, {}),
        ("num_predict", -2, {}),
        ("num_predict", 0, {"max_tokens": 0}),
        ("seed", -1, {}),
        ("seed", 0, {"seed": 0}),
        ("top_k", -1, {"top_k": 0}),
        ("stop", "END", {"stop": ["END"]}),
        ("repeat_last_n", 64, {}),
        ("repeat_last_n", -1, {}),
    ],
)
def test_values_with_a_meaning_of_their_own(
    option: str, value: Any, expected: dict[str, Any]
) -> None:
    assert sampling(**{option: value}) == expected


def test_looking_back_at_no_token_switches_penalties_off() -> None:
    given = sampling(repeat_last_n=0, repeat_penalty=1.5, presence_penalty=1.0)
    assert SamplingParams(**given).repetition_penalty == 1.0
    assert SamplingParams(**given).presence_penalty == 0.0


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("typical_p", 0.7),
        ("repeat_last_n", 33),
    ],
)
def test_options_that_would_change_the_answer_are_refused(option: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match=option) as caught:
        chat(options={option: value})
    assert caught.value.param == f"options.{option}"


def test_options_that_are_off_retired_or_about_speed_are_tolerated() -> None:
    off = {"mirostat": 2, "tfs_z": 0.5, "typical_p": 1, "penalize_newline": False}
    about_speed = {"num_gpu": 1, "num_thread": 8, "num_batch": 2, "use_mmap": True, "num_keep": 5}
    assert sampling(**off, **about_speed, num_ctx=4096, mirostat_tau=0.8, a_new_one=1) == {}


@pytest.mark.parametrize(
    ("think", "enable", "budget"),
    [
        (None, None, None),
        (True, True, None),
        (False, False, None),
        ("low", True, EFFORT_BUDGETS["low"]),
        ("medium", True, EFFORT_BUDGETS["medium"]),
        ("high", True, None),
        ("max", True, None),
    ],
)
def test_think(think: Any, enable: bool | None, budget: int | None) -> None:
    for request in (chat(think=think), generate(prompt="Hello", think=think)):
        assert request.enable_thinking is enable
        assert request.sampling.get("thinking_budget") == budget


@pytest.mark.parametrize(
    "fields",
    [
        {"think": "much"},
        {"think": 1},
        {"top_logprobs": 21},
        {"options": {"temperature": "hot"}},
        {"options": {"repeat_penalty": 0}},
        {"options": {"top_k": "40"}},
        {"messages": [{"content": "Hello"}]},
        {"messages": [{"role": "user", "content": ["Hello"]}]},
    ],
)
def test_what_is_no_such_field_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        chat(**fields)
    assert caught.value.errors()[0]["loc"][0] == next(iter(fields))


def test_format() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    assert chat(format=schema).json_schema == schema
    assert chat(format="json").json_schema == {"type": "object"}
    assert chat(format="").json_schema is None
    assert generate(prompt="Hello", format="json").json_schema == {"type": "object"}
    with pytest.raises(InvalidRequestError, match="yaml") as caught:
        chat(format="yaml")
    assert caught.value.param == "format"


def test_logprobs() -> None:
    assert chat(logprobs=True, top_logprobs=2).sampling == {"logprobs": True, "top_logprobs": 2}
    # Ollama reads top_logprobs only beside logprobs.
    assert chat(top_logprobs=2).sampling == {}


def test_messages_become_the_engines() -> None:
    messages = [
        {"role": "System", "content": "Be brief."},
        {"role": "user", "content": "What time is it?"},
        {
            "role": "assistant",
            "content": "",
            "thinking": "I need the clock.",
            "tool_calls": [
                {"function": {"index": 0, "name": "clock", "arguments": {"zone": "UTC"}}}
            ],
        },
        {"role": "tool", "content": "12:00", "tool_name": "clock", "tool_call_id": "call_1"},
    ]
    request = chat(messages=messages, tools=[TOOL])
    system, _, assistant, tool = normalize_messages(request.messages or ())
    assert system == {"role": "system", "content": "Be brief."}
    assert assistant["reasoning_content"] == "I need the clock."
    assert assistant["tool_calls"][0]["function"]["arguments"] == {"zone": "UTC"}
    assert tool == {
        "role": "tool", "content": "12:00", "name": "clock", "tool_call_id": "call_1"
    }  # fmt: skip
    assert request.tools == [TOOL]
    assert request.tool_choice == "auto"


def test_an_answer_that_is_begun_is_continued() -> None:
    def continues(**message: Any) -> bool:
        return chat(messages=[*HELLO, {"role": "assistant", **message}]).continue_final_message

    assert continues(content="Hello, I")
    assert not continues(content="")
    assert not continues(content="x", tool_calls=[{"function": {"name": "f", "arguments": {}}}])
    assert not chat().continue_final_message


def test_generate_asks_through_the_chat_template() -> None:
    assert generate(prompt="Hello", system="Be brief.").messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ]


def test_generate_raw_completes_the_prompt_as_it_is() -> None:
    request = generate(prompt="<|im_start|>user\n", raw=True, think=False, options={"seed": 1})
    assert (request.messages, request.prompt) == (None, "<|im_start|>user\n")
    assert request.sampling == {"seed": 1}


@pytest.mark.parametrize("fields", [{"system": "Be brief."}, {"think": True}, {"think": "low"}])
def test_generate_raw_has_no_place_for_the_templates_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="raw") as caught:
        generate(prompt="Hello", raw=True, **fields)
    assert caught.value.param == next(iter(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"suffix": "return x"},
        {"template": "{{ .Prompt }}"},
        {"context": [1, 2, 3]},
        {"width": 512},
    ],
)
def test_generate_refuses_what_it_cannot_do(fields: dict[str, Any]) -> None:
    (name,) = fields
    with pytest.raises(InvalidRequestError, match=name) as caught:
        generate(prompt="Hello", **fields)
    assert caught.value.param == name


def test_empty_strings_and_lists_are_not_given() -> None:
    request = generate(prompt="Hello", suffix="", template="", context=[], images=[], system="")
    assert request.messages == HELLO


def test_an_image_without_a_question_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="text only") as caught:
        chat(messages=[*HELLO, {"role": "user", "content": "", "images": ["aGVsbG8="]}])
    assert caught.value.param == "messages[1].images[0]"


def test_nothing_to_answer_is_no_request() -> None:
    nothing: list[Any] = [[], None]
    for messages in nothing:
        body = ChatBody.model_validate({"model": "demo", "messages": messages})
        assert chat_request(body) is None
    for prompt in ("", None):
        body_ = GenerateBody.model_validate({"model": "demo", "prompt": prompt})
        assert generate_request(body_) is None


def test_names_may_have_the_tag_latest() -> None:
    assert plain_name("demo:latest") == "demo"
    assert plain_name("Qwen/Qwen3-8B-MLX-4bit") == "Qwen/Qwen3-8B-MLX-4bit"
    assert plain_name("qwen3:8b") == "qwen3:8b"
    for empty in ("", ":latest"):
        with pytest.raises(InvalidRequestError, match="model must not be empty"):
            plain_name(empty)


def test_streaming_is_the_default() -> None:
    streams = [
        ChatBody.model_validate({"model": "demo", "stream": stream}).wants_stream
        for stream in (None, True, False)
    ]
    assert streams == [True, True, False]


def test_whole_numbers_may_come_as_floats() -> None:
    given = sampling(top_k=40.0, seed=7.0, num_predict=3.9, repeat_last_n=-1.0)
    assert given == {"top_k": 40, "seed": 7, "max_tokens": 3}
    assert all(type(value) is int for value in given.values())
