"""Warnings of a request: a line in the log, and collected for the caller."""

from __future__ import annotations

import asyncio

import pytest

from qwen3mlx.request_warnings import collecting_warnings, warn

pytestmark = pytest.mark.usefixtures("caplog")


def test_each_is_collected_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with collecting_warnings() as warnings:
        warn("tools[1] is left out.")
        warn("tools[1]  is\nleft out.")
        warn("tools[2] is left out.")
    assert warnings == ["tools[1] is left out.", "tools[2] is left out."]
    assert caplog.messages == warnings


def test_worker_threads_tell_the_request_that_started_them() -> None:
    async def request(name: str) -> list[str]:
        with collecting_warnings() as warnings:
            await asyncio.to_thread(warn, f"{name} is left out.")
            return warnings

    async def both() -> list[list[str]]:
        return [*await asyncio.gather(request("a"), request("b"))]

    assert asyncio.run(both()) == [["a is left out."], ["b is left out."]]


def test_without_a_collector_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    warn("\x1b[31mred is left out.")
    warn(f"{'Z' * 5000} is left out.")
    assert caplog.messages == [r"\x1b[31mred is left out.", f"{'Z' * 497}..."]
