from __future__ import annotations

from collections.abc import Iterator

import pytest
from anthropic import Anthropic

from ...live import LiveServer


@pytest.fixture
def client(server: LiveServer) -> Iterator[Anthropic]:
    with Anthropic(base_url=server.url, api_key="lm-studio", max_retries=0) as client:
        yield client
