"""Errors -> statuses and messages, as functions and over the wire."""

from __future__ import annotations

import inspect
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from qwen3mlx import errors as exception_tree
from qwen3mlx.errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    Qwen3MLXError,
    TemplateError,
    UnavailableError,
)
from qwen3mlx.server.http.error_responses import ErrorResponses
from qwen3mlx.server.http.errors import STATUS, ApiError, to_api_error
from qwen3mlx.server.http.invalid_fields import invalid_field

from ..live import LiveServer


class Part(BaseModel):
    type: str
    text: str


class Message(BaseModel):
    role: str
    content: str | list[Part]


class Body(BaseModel):
    model: str | None = None
    messages: list[Message]
    options: dict[str, int] = {}


def refused(body: Any) -> ApiError:
    try:
        TypeAdapter(Body).validate_python(body)
    except ValidationError as error:
        found = [fault | {"loc": ("body", *fault["loc"])} for fault in error.errors()]
        return to_api_error(invalid_field(found, body))
    raise AssertionError("the body is valid")


def test_the_name_of_a_member_of_a_union_is_no_field() -> None:
    """It may also be a field's: a block of type `text` has a `text`."""
    block = {"type": "text", "text": "a", "cache_control": 5}
    body = {"messages": [{"content": ["a", block]}]}
    for field, name in (("cache_control", "cache_control"), ("text", "text")):
        location = ("body", "messages", 0, "content", "list[union]", 1, "text", field)
        fault = {"type": "x", "loc": location, "msg": "wrong", "input": None}
        error = to_api_error(invalid_field([fault], body))
        assert error.param == f"messages[0].content[1].{name}"


def test_every_error_of_the_tree_has_a_status() -> None:
    classes = [
        cls
        for _, cls in inspect.getmembers(exception_tree, inspect.isclass)
        if issubclass(cls, Qwen3MLXError)
    ]
    assert len(classes) > 10
    # The rest belongs to the process or the command line, not to a request.
    assert {cls.code for cls in classes} - set(STATUS) <= {"cannot_listen", "upload_failed"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            InvalidRequestError("No.", param="top_p"),
            ApiError(400, "No.", "invalid_request_error", "top_p", "invalid_request"),
        ),
        (
            ContextLengthError(9, 8),
            ApiError(
                400,
                str(ContextLengthError(9, 8)),
                "invalid_request_error",
                "messages",
                "context_length_exceeded",
            ),
        ),
        (
            ModelNotFoundError("Which?"),
            ApiError(404, "Which?", "invalid_request_error", None, "model_not_found"),
        ),
        (OverloadedError("Full."), ApiError(429, "Full.", "rate_limit_error", None, "overloaded")),
        (UnavailableError("Gone."), ApiError(503, "Gone.", "server_error", None, "unavailable")),
        (
            TemplateError("Broken."),
            ApiError(422, "Broken.", "invalid_request_error", None, "invalid_chat_template"),
        ),
    ],
)
def test_the_tree(error: Exception, expected: ApiError) -> None:
    assert to_api_error(error) == expected


def test_a_new_error_has_the_status_of_its_class() -> None:
    class NoSuchVoice(InvalidRequestError):
        code = "no_such_voice"

    error = to_api_error(NoSuchVoice("No."))
    assert (error.status, error.code) == (400, "no_such_voice")


def test_full_for_now_says_when_to_try_again() -> None:
    assert to_api_error(OverloadedError("Full.")).headers == {"Retry-After": "1"}
    assert "Retry-After" in to_api_error(UnavailableError("Gone.")).headers
    assert to_api_error(InvalidRequestError("No.")).headers == {}


def test_the_unforeseen_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    error = to_api_error(ZeroDivisionError("secret detail"))
    assert (error.status, error.type, error.code) == (500, "server_error", "internal_error")
    assert "ZeroDivisionError" in error.message
    assert "secret detail" not in error.message
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


HELLO = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        ({}, "messages", "messages is missing."),
        (None, None, "The body is not valid: "),
        ([], None, "The body is not valid: "),
        ({"messages": HELLO}, "messages", "messages is not valid: input should be a valid list."),
        ({"messages": [HELLO, {"role": "user"}]}, "messages[1].content", " is missing."),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "a valid string"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
            "messages[0].content[0].text is missing.",
        ),
        ({"messages": [], "options": {"a": "b"}}, "options.a", "a valid integer"),
        ({"messages": [], "model": 1}, "model", "model is not valid: "),
    ],
)
def test_a_wrong_field_is_named(body: Any, param: str | None, message: str) -> None:
    error = refused(body)
    assert (error.status, error.type, error.param) == (400, "invalid_request_error", param)
    assert message in error.message
    assert "\n" not in error.message


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["messages", "role", "content", "type", "model"]), x, max_size=4
            )
        ),
    )
)
def test_whatever_the_body_the_error_has_one_line(body: Any) -> None:
    try:
        Body.model_validate(body)
    except ValidationError:
        error = refused(body)
        assert error.status == 400
        assert error.message.strip()
        assert "\n" not in error.message


def test_the_longest_prefix_names_the_dialect() -> None:
    replies = ErrorResponses(
        {"/api/": lambda _: {"a": 1}, "/api/v1": lambda _: {"b": 2}},
        {"x-theirs": lambda _: {"c": 3}},
    )

    def body(path: str, *headers: tuple[bytes, bytes]) -> bytes:
        error = ApiError(400, "No.", "invalid_request_error")
        scope = {"type": "http", "path": path, "headers": list(headers)}
        return bytes(replies.reply(scope, error).body)

    assert body("/api/tags") == b'{"a":1}'
    assert body("/api/v1/chat") == b'{"b":2}'
    assert body("/v1/models", (b"x-theirs", b"")) == b'{"c":3}'
    assert body("/v1/models") == (
        b'{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":null}}'
    )


@pytest.mark.parametrize(
    "content",
    [
        b'{"model":',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"messages": ' + b"9" * 5000 + b"}",
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"not json",
    ],
)
def test_a_body_that_is_no_json_object(server: LiveServer, content: bytes) -> None:
    answer = server.http.post("/v1/chat/completions", content=content)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith(".")


def test_half_a_surrogate_pair_is_no_name(server: LiveServer) -> None:
    body = b'{"model": "a\\ud800", "messages": [{"role": "user", "content": "hi"}]}'
    answer = server.http.post("/v1/chat/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "model"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("PUT", "/v1/chat/completions", 405),
        ("GET", "/v1/messages", 405),
    ],
)
def test_unknown_paths_and_methods(server: LiveServer, method: str, path: str, status: int) -> None:
    answer = server.http.request(method, path)
    assert answer.status_code == status
    assert "error" in answer.json()


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_json_is_taken_whatever_it_is_called(server: LiveServer, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = server.http.post("/tokenize", content=b'{"prompt": "hi"}', headers=headers)
    assert answer.status_code == 200
    assert answer.json()["count"] >= 1
