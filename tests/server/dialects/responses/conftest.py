from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from openai import OpenAI

from ...live import LiveServer


@pytest.fixture
def client(server: LiveServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="lm-studio", max_retries=0) as client:
        yield client


@pytest.fixture
def http(server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/v1", timeout=60) as client:
        yield client
