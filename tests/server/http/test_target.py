"""Spellings of a path, HEAD, Allow: over a raw socket, because clients would normalize them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.server.http.target import canonical

from ..live import LiveServer, live_server
from ..raw import ask, exchange, parse


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/", "/"),
        ("", "/"),
        ("*", "/"),
        ("//", "/"),
        ("/models", "/v1/models"),
        ("/v1/models/", "/v1/models"),
        ("/v1/v1/models", "/v1/models"),
        ("/v1/v1/v1/chat/completions", "/v1/chat/completions"),
        ("//v1//chat///completions//", "/v1/chat/completions"),
        ("/chat/completions", "/v1/chat/completions"),
        ("/embeddings", "/v1/embeddings"),
        ("/completions", "/v1/completions"),
        ("/responses/resp_1", "/v1/responses/resp_1"),
        ("/messages/count_tokens", "/v1/messages/count_tokens"),
        ("/v1/api/chat", "/api/chat"),
        ("/v1/health", "/health"),
        ("/v1/tokenize", "/tokenize"),
        ("/api/v1/models", "/api/v1/models"),
        ("/api/v0/chat/completions", "/api/v0/chat/completions"),
        ("/api/version", "/api/version"),
        ("/v1/models/org/model", "/v1/models/org/model"),
        ("/v1/models/%2Fhome%2Fmine", "/v1/models/%2Fhome%2Fmine"),
        ("/modelsx", "/modelsx"),
        ("/v1", "/v1"),
    ],
)
def test_every_way_to_write_a_path_means_one(written: str, meant: str) -> None:
    assert canonical(written) == meant


@given(st.text(st.sampled_from("/v1apimodels%2F*. "), max_size=30))
def test_what_is_meant_means_itself(path: str) -> None:
    assert canonical(canonical(path)) == canonical(path)
    assert canonical(path).startswith("/")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/models", "data"),
        ("/v1/v1/models", "data"),
        ("/v1/models/", "data"),
        ("//v1/models", "data"),
        ("/models/demo", "max_model_len"),
        ("/v1/%6Dodels", "data"),
        ("/v1/api/tags", "models"),
        ("/api/tags/", "models"),
        ("/api/v1/models/", "models"),
        ("/api/v0/models/", "data"),
    ],
)
def test_aliases_are_answered(server: LiveServer, path: str, key: str) -> None:
    reply = ask(server.port, f"GET {path} HTTP/1.1\nHost: localhost")
    assert reply.status == 200
    assert key in reply.json


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/embeddings", {"model": "demo", "input": "a"}),
        ("/v1/v1/embeddings/", {"model": "demo", "input": "a"}),
        ("/completions", {"model": "demo", "prompt": "a", "max_tokens": 1}),
        ("/v1/tokenize", {"prompt": "a"}),
        ("/responses", {"model": "demo", "input": "a", "max_output_tokens": 1}),
    ],
)
def test_aliases_take_bodies(server: LiveServer, path: str, body: dict[str, Any]) -> None:
    assert server.http.post(path, json=body).status_code == 200


@pytest.mark.parametrize(
    ("path", "asked", "kind"),
    [
        ("/messages/", {}, "anthropic"),
        ("/v1/v1/messages", {}, "anthropic"),
        ("/v1/api/chat", {}, "ollama"),
        ("/chat/completions", {}, "openai"),
        ("/v1/v1/responses", {"model": "none", "input": "a"}, "openai"),
    ],
)
def test_an_alias_has_the_errors_of_its_dialect(
    server: LiveServer, path: str, asked: dict[str, Any], kind: str
) -> None:
    answer = server.http.post(path, json=asked)
    assert answer.status_code in (400, 404)
    told = answer.json()
    found = {str: "ollama"}.get(
        type(told["error"]), "anthropic" if told.get("type") == "error" else "openai"
    )
    assert found == kind


@pytest.mark.parametrize("scheme", ["http", "HTTP", "https"])
def test_absolute_targets(server: LiveServer, scheme: str) -> None:
    target = f"{scheme}://127.0.0.1:{server.port}/v1/models?x=1"
    reply = ask(server.port, f"GET {target} HTTP/1.1\nHost: 127.0.0.1")
    assert reply.status == 200
    assert reply.json["data"]


def test_an_absolute_target_names_the_host(server: LiveServer) -> None:
    """Whatever `Host` says: RFC 9112, 3.2.2."""
    refused = "GET http://evil.example/v1/models HTTP/1.1\nHost: localhost"
    assert ask(server.port, refused).json["error"]["code"] == "forbidden_host"
    assert ask(server.port, "GET http://localhost HTTP/1.1\nHost: evil.example").status == 200
    user = "GET http://localhost@evil.example/health HTTP/1.1\nHost: localhost"
    assert ask(server.port, user).status == 400


GET_PATHS = (
    "/",
    "/health",
    "/ping",
    "/version",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/props",
    "/v1/models",
    "/v1/models/demo",
    "/models",
    "/api/tags",
    "/api/ps",
    "/api/version",
    "/api/v0/models",
    "/api/v1/models",
    "/api/qwen3mlx/models",
    "/api/qwen3mlx/status",
)


@pytest.mark.parametrize("path", GET_PATHS)
def test_head_is_get_without_the_body(server: LiveServer, path: str) -> None:
    get = ask(server.port, f"GET {path} HTTP/1.1\nHost: localhost")
    head = ask(server.port, f"HEAD {path} HTTP/1.1\nHost: localhost")
    assert (head.status, head.body) == (get.status, b"") == (200, b"")
    assert head.header("content-type") == get.header("content-type")


def test_head_of_what_is_not_there_and_of_what_is_posted(server: LiveServer) -> None:
    missing = ask(server.port, "HEAD /v1/models/none HTTP/1.1\nHost: localhost")
    assert (missing.status, missing.body) == (404, b"")
    posted = ask(server.port, "HEAD /v1/chat/completions HTTP/1.1\nHost: localhost")
    assert (posted.status, posted.body) == (405, b"")
    assert posted.header("allow") == "POST, OPTIONS"


def test_a_connection_goes_on_after_head(server: LiveServer) -> None:
    heads = b"HEAD /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = exchange(server.port, heads + last)
    assert received.count(b"HTTP/1.1 200") == 4
    assert received.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("method", "path", "allowed", "kind"),
    [
        ("GET", "/v1/chat/completions", "POST, OPTIONS", "openai"),
        ("DELETE", "/v1/models", "GET, HEAD, OPTIONS", "openai"),
        ("PUT", "/v1/messages", "POST, OPTIONS", "anthropic"),
        ("GET", "/api/chat", "POST, OPTIONS", "ollama"),
        ("POST", "/api/tags", "GET, HEAD, OPTIONS", "ollama"),
        ("GET", "/api/delete", "DELETE, OPTIONS", "ollama"),
        ("GET", "/api/v1/chat", "POST, OPTIONS", "lmstudio"),
        ("POST", "/v1/responses/resp_1", "GET, DELETE, HEAD, OPTIONS", "openai"),
        ("PUT", "/api/qwen3mlx/folders", "GET, POST, DELETE, HEAD, OPTIONS", "openai"),
        ("PATCH", "/chat/completions/", "POST, OPTIONS", "openai"),
        ("PROPFIND", "/health", "GET, HEAD, OPTIONS", "openai"),
    ],
)
def test_405_says_what_is_allowed_in_each_dialect(
    server: LiveServer, method: str, path: str, allowed: str, kind: str
) -> None:
    reply = ask(server.port, f"{method} {path} HTTP/1.1\nHost: localhost")
    assert reply.status == 405
    assert reply.header("allow") == allowed
    error = reply.json["error"]
    assert {
        "openai": lambda: error["code"] == "method_not_allowed" and "param" in error,
        "lmstudio": lambda: error["code"] == "method_not_allowed" and "param" not in error,
        "anthropic": lambda: error["type"] == "invalid_request_error",
        "ollama": lambda: isinstance(error, str),
    }[kind]()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /v1/models/none", 404),
        ("PUT /v1/models", 405),
        ("GET /v1/files", 404),
        ("POST /v1/complete", 404),
    ],
)
def test_clients_of_anthropic_are_told_in_its_words_wherever_they_ask(
    server: LiveServer, request_line: str, status: int
) -> None:
    version = "anthropic-version: 2023-06-01"
    reply = ask(server.port, f"{request_line} HTTP/1.1\nHost: localhost\n{version}")
    assert reply.status == status
    assert reply.json["type"] == "error"
    assert (reply.header("allow") is not None) == (status == 405)


@pytest.mark.parametrize("target", ["/v1/chat/completions", "*"])
def test_options_say_what_is_allowed(server: LiveServer, target: str) -> None:
    reply = ask(server.port, f"OPTIONS {target} HTTP/1.1\nHost: localhost")
    assert (reply.status, reply.body) == (204, b"")
    assert "OPTIONS" in str(reply.header("allow"))


@pytest.fixture(scope="module")
def guarded() -> Iterator[LiveServer]:
    with live_server(api_key=("secret",)) as running:
        yield running


@pytest.mark.parametrize(
    "path",
    ["/models", "//v1/models", "/v1/v1/models/", "/v1/api/tags", "/v1//props", "/%76%31/models"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_alias_is_guarded_as_the_path_is(guarded: LiveServer, method: str, path: str) -> None:
    for head, status in (("Host: localhost", 401), ("Host: evil.example", 403)):
        assert ask(guarded.port, f"{method} {path} HTTP/1.1\n{head}").status == status
    absolute = f"{method} http://127.0.0.1{path} HTTP/1.1\nHost: 127.0.0.1"
    assert ask(guarded.port, absolute).status == 401


def test_a_page_may_not_post_to_an_alias(server: LiveServer) -> None:
    headers = {"Origin": "https://evil.example"}
    for path in ("/tokenize/", "/v1/tokenize", "//tokenize"):
        answer = server.http.post(server.url + path, json={"prompt": "a"}, headers=headers)
        assert answer.status_code == 403


def test_parse_of_a_reply() -> None:
    reply = parse(b"HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n")
    assert (reply.status, reply.header("allow"), reply.body) == (204, "GET", b"")
