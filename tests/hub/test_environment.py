"""An address, a token or a proxy that no request can be made with: one line, and no request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from huggingface_hub import constants

from qwen3mlx import hub
from qwen3mlx.errors import ConfigurationError
from qwen3mlx.hub.search import search
from qwen3mlx.hub.sources import MODELSCOPE, fetch_from
from qwen3mlx.hub.upload import target

from .conftest import REPO
from .fake_hub import FakeHub

WAYS: dict[str, Callable[[], object]] = {
    "pull": lambda: hub.fetch(REPO),
    "pull from ModelScope": lambda: fetch_from(MODELSCOPE, REPO, None, lambda progress: None),
    "search": lambda: search("8b", source="hf", limit=3),
    "search in ModelScope": lambda: search("8b", source="modelscope", limit=3),
    "upload": lambda: target(REPO, is_private=True),
}


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest, fake_hub: FakeHub) -> Callable[[], object]:
    return WAYS[request.param]


def refused(fake_hub: FakeHub, ask: Callable[[], object]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        ask()
    assert fake_hub.requests == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "fault"),
    [
        ("socks5://127.0.0.1:1", "A SOCKS proxy cannot be used"),
        ("socks5h://127.0.0.1:1", "A SOCKS proxy cannot be used"),
        ("http://:::", "Invalid port"),
        ("foo://127.0.0.1:1", "Unknown scheme"),
    ],
)
def test_a_proxy(
    ask: Callable[[], object],
    fake_hub: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
    proxy: str,
    fault: str,
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    monkeypatch.setenv("ALL_PROXY", proxy)
    assert fault in refused(fake_hub, ask)


@pytest.mark.parametrize("token", ["hf_abc…", "hf_a\nb"])
def test_a_token_is_not_shown(
    ask: Callable[[], object], fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setattr("huggingface_hub.get_token", lambda: token)
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", token)
    said = refused(fake_hub, ask)
    assert "characters that no token has" in said
    assert token not in said


@pytest.mark.parametrize(
    "address", ["http://hub:xx", "foo://hub", "hub:80", "http://", "http://h:0"]
)
def test_an_address(
    ask: Callable[[], object], fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr("qwen3mlx.hub.sources.modelscope.endpoint", lambda: address)
    assert "is no address of a hub" in refused(fake_hub, ask)
