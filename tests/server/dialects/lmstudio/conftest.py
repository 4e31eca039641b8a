from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....hub.conftest import fake_hub
from ...live import LiveServer, live_server

__all__ = ["fake_hub"]


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """For tests that load and unload: with saved settings of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("home")))
        with live_server(model="demo") as running:
            yield running
