"""JSON bodies give the same value as Python's parser, within limits."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import model_validator
from starlette.requests import Request

from qwen3mlx.server import bounds
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.dialects.shared.request_fields import Body
from qwen3mlx.server.http import json_body
from qwen3mlx.server.http.error_responses import ErrorResponses
from qwen3mlx.server.http.json_body import InvalidJSONError, Route, converted, parsed
from qwen3mlx.server.settings import ServerSettings
from tests.support.examples import examples

TEXTS = st.text() | st.text('\\",[]{}:a\n', max_size=20) | st.text("\\ud8000dcab", max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS.filter(lambda value: not isinstance(value, float) or abs(value) < 1.7e308),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=30,
)


def size(value: Any) -> tuple[int, int]:
    """Count its commas and opening brackets, and the objects among these."""
    if isinstance(value, dict | list):
        inner = [size(one) for one in (value.values() if isinstance(value, dict) else value)]
        commas = max(0, len(value) - 1)
        is_object = isinstance(value, dict)
        return 1 + commas + sum(n for n, _ in inner), is_object + sum(n for _, n in inner)
    return 0, 0


@settings(max_examples=examples(40))
@given(VALUES, st.booleans())
def test_a_value_is_read_as_python_reads_it(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parsed(body) == json.loads(body) == value


@given(st.text(st.characters(categories=["Cs"]) | st.sampled_from("\\ua\U0001f600"), max_size=20))
def test_halves_of_pairs_are_kept(text: str) -> None:
    body = json.dumps({"a": text}).encode()
    assert parsed(body) == json.loads(body)


@settings(max_examples=examples(40))
@given(VALUES, st.integers(0, 20), st.integers(0, 20), st.integers(1, 9), st.booleans())
def test_the_limits_are_exact_however_the_body_is_cut(
    value: Any, most: int, most_objects: int, piece: int, ascii_only: bool
) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    num_values, num_objects = size(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MAX_VALUES", most)
        patch.setattr(bounds, "MAX_OBJECTS", most_objects)
        patch.setattr(json_body, "_PIECE", piece)
        if num_values <= most and num_objects <= most_objects:
            assert parsed(body) == value
        else:
            with pytest.raises(InvalidJSONError):
                parsed(body)


@pytest.mark.parametrize("half", ["", '"\\ud800",'])
def test_depth_is_limited_in_both_parsers(half: str) -> None:
    for depth, is_read in [(190, True), (210, False), (900, False), (100_000, False)]:
        body = f"[{half}{'[' * depth}{']' * depth}]".encode()
        if is_read:
            assert parsed(body)
        else:
            with pytest.raises(InvalidJSONError, match="200 levels"):
                parsed(body)


Post = Callable[[bytes, str], httpx.Response]


class Numbered(Body):
    numbers: list[int]

    @model_validator(mode="before")
    @classmethod
    def note_thread(cls, given: object) -> object:
        if isinstance(given, dict):  # FastAPI hands in the model that was made of it, too
            THREADS.append(threading.current_thread())
        return given


THREADS: list[threading.Thread] = []


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A route whose reply is the sum of `numbers`, computed by `converted`."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    router = APIRouter(route_class=Route)

    @router.post("/sum")
    async def add(body: Numbered, request: Request) -> int:
        def total() -> int:
            THREADS.append(threading.current_thread())
            return sum(body.numbers)

        return await converted(request, total)

    app = FastAPI(exception_handlers=ErrorResponses({}).handlers)
    app.include_router(router)
    app.state.service = Service(ServerSettings(port=0))

    def post(content: bytes, content_type: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                headers = {"content-type": content_type}
                return await http.post("/sum", content=content, headers=headers)

        return asyncio.run(send())

    THREADS.clear()
    return post


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("padding", [0, 20_000])
def test_large_bodies_are_validated_and_converted_on_a_thread(
    client: Post, padding: int, content_type: str
) -> None:
    body = json.dumps({"numbers": [1, 2], "padding": "a" * padding}).encode()
    assert client(body, content_type).json() == 3
    on_loop = [thread is threading.main_thread() for thread in THREADS]
    assert on_loop == [padding == 0] * 2


@pytest.mark.parametrize("wrong", [{"numbers": [1, "a"]}, {}])
def test_large_bodies_are_refused_as_small_ones_are(client: Post, wrong: dict[str, Any]) -> None:
    small = client(json.dumps(wrong).encode(), "application/json")
    large = client(json.dumps({**wrong, "padding": "a" * 20_000}).encode(), "application/json")
    assert small.status_code == large.status_code == 400
    assert small.json() == large.json()
