from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....hub.conftest import fake_hub
from ...live import LiveServer, live_server

__all__ = ["fake_hub"]


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for tests that load and unload, with its own saved settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("home")))
        with live_server(model="demo") as running:
            yield running
