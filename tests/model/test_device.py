"""What MLX may keep of this computer's memory."""

from __future__ import annotations

import mlx.core as mx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx import load
from qwen3mlx.events import Finished
from qwen3mlx.model import device, load_model

from .support import GOLDENS

GB = 10**9


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The limits of MLX's cache that are set from now on, by a Mac with 100 GB."""
    found: list[int] = []
    monkeypatch.setattr(device, "usable_memory", lambda: 100 * GB)
    monkeypatch.setattr(mx, "set_cache_limit", found.append)
    return found


def test_loading_bounds_what_mlx_keeps_of_freed_memory(
    limits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "on_cpu", lambda: False)
    load_model(GOLDENS / "moe")
    assert limits == [GB]


def test_on_the_cpu_mlx_has_a_limit_of_its_own(limits: list[int]) -> None:
    load_model(GOLDENS / "moe")
    assert not limits


@given(usable=st.integers(4 * GB, 1000 * GB))
def test_the_default_limit_leaves_room_for_what_mlx_keeps(usable: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "usable_memory", lambda: usable)
        cached = device.cache_limit()
        assert 0 < cached <= max(GB, usable * 0.05)
        assert device.default_memory_limit() + cached <= 0.9 * usable
        assert device.default_memory_limit() >= 0.85 * usable - 1


def test_a_mac_whose_default_device_is_the_cpu_loads_and_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MLX tells the working set of the GPU alone, and asks about the default device by itself."""
    wired: list[int] = []

    def info(of: mx.DeviceType = mx.cpu) -> dict[str, int]:
        return {"max_recommended_working_set_size": 12 * GB} if of == mx.gpu else {}

    monkeypatch.setattr(mx.metal, "is_available", lambda: True)
    monkeypatch.setattr(mx, "device_info", info)
    monkeypatch.setattr(mx, "set_wired_limit", wired.append)
    runtime = load("demo")
    assert wired == [12 * GB]
    events = list(runtime.generate("Hello", max_tokens=4, temperature=0))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert 1 <= finished.usage.completion_tokens <= 4
    assert device.default_memory_limit() == 0.9 * 12 * GB - 0.6 * GB
