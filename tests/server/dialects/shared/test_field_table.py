"""Each row of the table of fields, sent to a server, behaves as the table says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3mlx.server.dialects.anthropic.schemas import MessageBody
from qwen3mlx.server.dialects.lmstudio.schemas import ChatBody as StudioChatBody
from qwen3mlx.server.dialects.lmstudio.schemas import LoadBody
from qwen3mlx.server.dialects.ollama import schemas as ollama
from qwen3mlx.server.dialects.openai.rerank import RerankBody, ScoreBody
from qwen3mlx.server.dialects.responses.schemas import (
    McpTool,
    ReasoningConfig,
    ResponseBody,
    TextConfig,
)
from qwen3mlx.server.dialects.shared.answer_form import StructuredOutputs
from qwen3mlx.server.dialects.shared.completions import schemas as openai
from qwen3mlx.server.dialects.shared.field_table import Endpoint, Row, Section, endpoints, sections
from qwen3mlx.server.http.warning_headers import WARNING_HEADER
from tests.support.readers import write_reranker

from ...live import LiveServer, live_server

ROOT = Path(__file__).parents[4]
MESSAGES = [{"role": "user", "content": "Hi"}]
FEW = {"num_predict": 1}
ANSWER = {"role": "assistant", "content": "Hello"}
FUNCTION = {"type": "function", "name": "f"}
MCP = {"type": "mcp", "server_label": "builtin"}
# The least body of each endpoint, with an answer of one token.
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "demo", "messages": MESSAGES, "max_tokens": 1},
    "/v1/completions": {"model": "demo", "prompt": "Hi", "max_tokens": 1},
    "/v1/embeddings": {"model": "demo", "input": "Hi"},
    "/v1/rerank": {"model": "demo-reranker", "query": "Hi", "documents": ["Hello", "Bye"]},
    "/v1/score": {"model": "demo-reranker", "text_1": "Hi", "text_2": ["Hello", "Bye"]},
    "/v1/responses": {"model": "demo", "input": "Hi", "max_output_tokens": 1},
    "/v1/messages": {"model": "demo", "messages": MESSAGES, "max_tokens": 1},
    "/api/chat": {"model": "demo", "messages": MESSAGES, "options": FEW, "stream": False},
    "/api/generate": {"model": "demo", "prompt": "Hi", "options": FEW, "stream": False},
    "/api/embed": {"model": "demo", "input": "Hi"},
    "/api/embeddings": {"model": "demo", "prompt": "Hi"},
    "/api/v1/chat": {"model": "demo", "input": "Hi", "max_output_tokens": 1},
    "/api/v1/models/load": {"model": "demo"},
    "/tokenize": {"model": "demo", "prompt": "Hi"},
}
# Fields that a field needs, or replaces.
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("/v1/chat/completions", "top_logprobs"): {"logprobs": True},
    ("/v1/chat/completions", "continue_final_message"): {
        "messages": [*MESSAGES, {"role": "assistant", "content": "Hello"}]
    },
    ("/v1/messages", "output_config"): {"thinking": {"type": "adaptive"}},
    ("/v1/messages", "thinking"): {"max_tokens": 2},
    ("/tokenize", "messages"): {"prompt": None},
    ("/tokenize", "content"): {"prompt": None},
    ("/tokenize", "tools"): {"prompt": None, "messages": MESSAGES},
    ("/tokenize", "chat_template_kwargs"): {"prompt": None, "messages": MESSAGES},
    ("/tokenize", "continue_final_message"): {
        "prompt": None,
        "messages": [*MESSAGES, {"role": "assistant", "content": "Hello"}],
    },
}
WRONG: tuple[Any, ...] = ({"no": ["such"]}, "\x00", 0.5, [[[]]])
# Names of one limit, of which a body has one.
LIMITS = ("max_tokens", "max_completion_tokens", "n_predict")


@dataclass(frozen=True)
class Case:
    """Put a row at its place in the body of an endpoint."""

    path: str
    section: Section
    row: Row

    @property
    def field(self) -> str:
        return f"{self.section.within}.{self.row.name}".lstrip(".").replace("[]", "[1]")

    def into(self, body: Mapping[str, Any], value: Any) -> dict[str, Any]:
        """`body` with `value` for this field."""
        if self.row.name in LIMITS and not self.section.within:
            body = {name: given for name, given in body.items() if name not in LIMITS}
        within = self.section.within
        if within == "messages[]":
            first, last = body["messages"][0], body["messages"][1:] or [ANSWER]
            return {**body, "messages": [first, {**last[0], self.row.name: value}]}
        if within == "tools[]":
            first, last = body.get("tools") or (FUNCTION, MCP)
            return {**body, "tools": [first, {**last, self.row.name: value}]}
        if not within:
            return {**body, self.row.name: value}
        inner = {**(body.get(within) or {}), self.row.name: value}
        if within == "thinking":
            inner.setdefault("type", "enabled")
        return {**body, within: inner}

    def body(self, value: Any) -> dict[str, Any]:
        return self.into({**BODIES[self.path], **BESIDE.get((self.path, self.field), {})}, value)


def cases(endpoint: Endpoint, meaning: str) -> list[Case]:
    return [
        Case(endpoint.paths[0], section, row)
        for section in endpoint.sections
        for row in section.rows.values()
        if row.meaning == meaning and row.send is not None
    ]


def complaint(response: httpx.Response) -> str:
    """Return the field that the error names: its `param` if there is one, else its message."""
    error = response.json()["error"]
    if isinstance(error, str):
        return error
    return str(error.get("param") or error["message"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One that has a model for every endpoint."""
    reranker = write_reranker(tmp_path_factory.mktemp("models"))
    with live_server(model=str(reranker), tools=True) as running:
        running.service.tools.host.tools(["builtin"]).result(30)  # its thread starts now
        yield running


ENDPOINTS = {endpoint.paths[0]: endpoint for endpoint in endpoints()}
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


@each_endpoint
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_what_is_supported_is_accepted(server: LiveServer, endpoint: Endpoint) -> None:
    refused = []
    for case in cases(endpoint, "supported"):
        response = server.http.post(case.path, json=case.body(case.row.send))
        if response.status_code != 200:
            refused.append((case.field, response.text))
    assert refused == []


@each_endpoint
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_what_is_supported_is_read(server: LiveServer, endpoint: Endpoint) -> None:
    """A value of the wrong kind is refused by the field's name."""
    unread = []
    for case in cases(endpoint, "supported"):
        for wrong in WRONG:
            response = server.http.post(case.path, json=case.body(wrong))
            if response.status_code != 200:
                assert case.row.name in complaint(response) or "model" in complaint(response)
                break
        else:
            unread.append(case.field)
    assert unread == []


@each_endpoint
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_what_is_refused_is_named(server: LiveServer, endpoint: Endpoint) -> None:
    wrong = []
    for case in cases(endpoint, "refused"):
        response = server.http.post(case.path, json=case.body(case.row.send))
        if response.status_code != 400 or case.field not in complaint(response):
            wrong.append((case.field, response.text))
    assert wrong == []


@each_endpoint
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_what_is_left_out_is_warned_of(server: LiveServer, endpoint: Endpoint) -> None:
    for case in cases(endpoint, "left-out"):
        reply = server.http.post(case.path, json=case.body(case.row.send))
        assert reply.status_code == 200, reply.text
        assert reply.headers[WARNING_HEADER].startswith(f"{case.field} was left out: ")
        for fine in case.row.off:
            reply = server.http.post(case.path, json=case.body(fine))
            assert WARNING_HEADER not in reply.headers


@each_endpoint
@pytest.mark.usefixtures("caplog")  # what is left out is logged
def test_what_asks_for_nothing_is_accepted(server: LiveServer, endpoint: Endpoint) -> None:
    """Send all fields in one body: those without effect, and refused ones with off values."""
    refused = cases(endpoint, "refused")
    body = dict(BODIES[endpoint.paths[0]])
    for case in cases(endpoint, "no-effect"):
        body = case.into(body, case.row.send)
    for values in ([None] * len(refused), [case.row.off[:1] for case in refused]):
        sent = body
        for case, value in zip(refused, values, strict=True):
            sent = case.into(sent, value[0] if value else None)
        response = server.http.post(endpoint.paths[0], json=sent)
        assert response.status_code == 200, response.text


def test_the_page_is_made_of_the_table() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "fields"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


MODELS: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "chat": (openai.ChatBody, ("chat", "generation")),
    "completions": (openai.CompletionBody, ("completions", "generation")),
    "stream_options": (openai.StreamOptions, ("stream_options",)),
    "structured_outputs": (StructuredOutputs, ("structured_outputs",)),
    "chat_reasoning": (openai.ReasoningObject, ("chat_reasoning",)),
    "chat_thinking": (openai.ThinkingObject, ("chat_thinking",)),
    "embeddings": (openai.EmbeddingBody, ("embeddings",)),
    "rerank": (RerankBody, ("rerank",)),
    "score": (ScoreBody, ("score",)),
    "tokenize": (openai.TokenizeBody, ("tokenize",)),
    "responses": (ResponseBody, ("responses",)),
    "responses_reasoning": (ReasoningConfig, ("responses_reasoning",)),
    "responses_text": (TextConfig, ("responses_text",)),
    "responses_mcp": (McpTool, ("responses_mcp",)),
    "messages": (MessageBody, ("messages",)),
    "ollama_chat": (ollama.ChatBody, ("ollama_chat", "ollama")),
    "ollama_generate": (ollama.GenerateBody, ("ollama_generate", "ollama")),
    "ollama_options": (ollama.Options, ("ollama_options",)),
    "ollama_embed": (ollama.EmbedBody, ("ollama_embed",)),
    "ollama_embeddings": (ollama.EmbeddingsBody, ("ollama_embeddings",)),
    "lmstudio_chat": (StudioChatBody, ("lmstudio_chat",)),
    "lmstudio_load": (LoadBody, ("lmstudio_load",)),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_table_and_the_models_agree(name: str) -> None:
    """Every declared field is in the table, and every supported one is declared."""
    model, names = MODELS[name]
    assert model.sections == names
    rows = {row.name: row for part in names for row in sections()[part].rows.values()}
    declared = {field.alias or name for name, field in model.model_fields.items()}
    assert declared - set(rows) == set()
    assert {row.name for row in rows.values() if row.meaning == "supported"} - declared == set()


def test_every_section_is_an_endpoints() -> None:
    used = [section for endpoint in endpoints() for section in endpoint.sections]
    assert [section for section in sections().values() if section not in used] == []
    assert sum(len(section.rows) for section in sections().values()) > 300


def test_unknown_fields_are_tolerated(server: LiveServer) -> None:
    for path, body in BODIES.items():
        assert server.http.post(path, json={**body, "never_heard": 1}).status_code == 200, path
