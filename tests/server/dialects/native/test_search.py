"""`/search`: what hubs have, as this computer would run it."""

from __future__ import annotations

import pytest

from qwen3mlx.library.family import repositories
from tests.hub.conftest import REPO, fake_hub, modelscope
from tests.hub.fake_hub import FakeHub
from tests.hub.fake_modelscope import FakeModelScope
from tests.hub.test_search import CARD, entry, row

from ...live import LiveServer
from .support import BASE, get, refused

__all__ = ["fake_hub", "modelscope"]


def test_what_a_hub_has_is_judged_by_its_size(
    server: LiveServer, fake_hub: FakeHub, modelscope: FakeModelScope
) -> None:
    official = "Qwen/Qwen3-8B-MLX-4bit"
    fake_hub.models = [row(id=official), row(id="nobody/Tuned", safetensors=None)]
    told = get(server, "/search", words="8b")
    assert told["source"] == "hf"
    first, second = told["models"]
    assert first["download"] == f"hf:{official}"
    _, known = repositories()[official.casefold()]
    assert first["fit"]["weight_bytes"] == known.approximate_bytes  # of the table, not the hub's
    assert (second["fit"], second["speed"], second["size_bytes"]) == (None, None, None)
    modelscope.models = [
        entry(id="nobody/Qwen3-Tuned-4bit"),
        entry(id="a/Qwen3", file_size=1 << 45),
    ]
    tuned, huge = get(server, "/search", words="tuned", source="modelscope")["models"]
    assert tuned["download"] == "modelscope:nobody/Qwen3-Tuned-4bit"
    assert tuned["fit"]["weight_bytes"] == tuned["size_bytes"] == 4_600_000_000
    assert huge["fit"]["verdict"] == "too-large"


def test_a_hub_that_fails_is_told(server: LiveServer, modelscope: FakeModelScope) -> None:
    modelscope.models = b"<html>Log in to the hotel</html>"
    asked = {"words": "8b", "source": "modelscope"}
    reply = server.http.get(f"{BASE}/search", params=asked, headers=server.person)
    assert reply.status_code == 502
    assert "returned no list of models" in reply.json()["error"]["message"]
    assert refused(server, "GET", "/search", words="x", source="kaggle")["param"] == "source"


@pytest.mark.parametrize("source", ["hf", "modelscope"])
def test_a_card_is_text(
    server: LiveServer, fake_hub: FakeHub, modelscope: FakeModelScope, source: str
) -> None:
    fake_hub.repos[REPO]["README.md"] = CARD
    modelscope.repos = {REPO: {"README.md": CARD}}
    told = get(server, "/search/card", model=f"{source}:{REPO}")
    assert told == {"text": "# Tiny\n\n<script>alert(1)</script>"}
