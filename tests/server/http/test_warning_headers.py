"""The header that lists the ignored parts of a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from qwen3mlx.request_warnings import warn
from qwen3mlx.server.http.warning_headers import MAX_WARNINGS, WARNING_HEADER, WarningHeaders

pytestmark = pytest.mark.usefixtures("caplog")


def headers_after(*texts: str, stream: bool = False) -> list[str]:
    async def answer(request: Request) -> Response:
        for text in texts:
            await asyncio.to_thread(warn, text)
        return StreamingResponse(pieces()) if stream else PlainTextResponse("done")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"done"

    async def ask() -> httpx.Response:
        app = Starlette(routes=[Route("/", answer)], middleware=[Middleware(WarningHeaders)])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
            return await client.get("http://server/")

    return asyncio.run(ask()).headers.get_list(WARNING_HEADER)


def test_no_warning_no_header() -> None:
    assert headers_after() == []


def test_a_header_for_each_warning() -> None:
    assert headers_after("a is left out.", "b, and c, too.") == ["a is left out.", "b, and c, too."]


def test_streams_have_them_too() -> None:
    assert headers_after("a is left out.", stream=True) == ["a is left out."]


def test_any_text_makes_a_header_that_clients_take() -> None:
    assert headers_after("the tool 'größe\r\nX-Evil: 1' 'ab\x00' is left out.") == [
        r"the tool 'gr\xf6\xdfe X-Evil: 1' 'ab\x00' is left out."
    ]


def test_many_and_long_ones_are_cut() -> None:
    values = headers_after(*(f"{index} " + "long " * 200 for index in range(MAX_WARNINGS + 3)))
    assert len(values) == MAX_WARNINGS + 1
    assert values[-1] == "3 more; see the server's log."
    assert all(len(value) <= 500 for value in values)
