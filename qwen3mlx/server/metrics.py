"""Prometheus metrics; their labels never reveal callers or prompts.

They are plain numbers until somebody reads them: the library costs start-up time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine import Stats
from ..events import Finished

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.core import HistogramMetricFamily
    from prometheus_client.registry import Collector

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
TOKENS = {
    "prompt": "Prompt tokens of answered requests",
    "cached": "Prompt tokens found in the prefix cache",
    "completion": "Tokens of the answers",
    "reasoning": "Reasoning tokens among them",
}


class Metrics:
    """`stats` is called whenever they are read. `requests` are counted by path and status."""

    def __init__(self, stats: Callable[[], Stats]) -> None:
        self._stats = stats
        self.requests: Counter[tuple[str, str]] = Counter()
        self._tokens: Counter[str] = Counter()
        self._ttft = _Times("time_to_first_token", "From the request to the first token")
        self._duration = _Times("answer", "From the request to the last token")

    def finished(self, answer: Finished) -> None:
        """Record a complete answer."""
        for name in TOKENS:
            self._tokens[name] += getattr(answer.usage, f"{name}_tokens")
        self._ttft.add(answer.timings.ttft_s)
        self._duration.add(answer.timings.ttft_s + answer.timings.decode_s)

    def text(self) -> bytes:
        """The Prometheus text format."""
        from prometheus_client import generate_latest

        return generate_latest(cast("Collector", self))

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, (text, value) in _gauges(self._stats()).items():
            yield GaugeMetricFamily(f"qwen3mlx_{name}", text, value=value)
        requests = CounterMetricFamily(
            "qwen3mlx_requests", "Finished HTTP requests", labels=["path", "status"]
        )
        for labels, count in self.requests.items():
            requests.add_metric(labels, count)
        yield requests
        for name, text in TOKENS.items():
            yield CounterMetricFamily(f"qwen3mlx_{name}_tokens", text, value=self._tokens[name])
        yield self._ttft.metric()
        yield self._duration.metric()


class RequestCounter:
    """Counts requests by route, not by the requested path."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._requests = metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "") or "none"
                self._requests[route, str(message["status"])] += 1
            await send(message)

        await self._app(scope, receive, count)


class _Times:
    """Counts seconds by the least of SECONDS that is not below them; the last count is of more."""

    def __init__(self, name: str, text: str) -> None:
        self._name = f"qwen3mlx_{name}_seconds"
        self._text = text
        self._counts = [0] * (len(SECONDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        place = next((i for i, limit in enumerate(SECONDS) if seconds <= limit), len(SECONDS))
        self._counts[place] += 1
        self._sum += seconds

    def metric(self) -> HistogramMetricFamily:
        from prometheus_client.core import HistogramMetricFamily

        limits = (*map(str, SECONDS), "+Inf")
        buckets = list(zip(limits, accumulate(self._counts), strict=True))
        return HistogramMetricFamily(self._name, self._text, buckets, self._sum)


def _gauges(stats: Stats) -> dict[str, tuple[str, int]]:
    return {
        "running_requests": ("Running requests", stats.running),
        "waiting_requests": ("Queued requests", stats.waiting),
        "loaded_models": ("Models in memory", stats.loaded_models),
        "weight_bytes": ("Memory used by model weights", stats.weight_bytes),
        "kv_bytes": ("Memory used by the KV cache of running requests", stats.kv_bytes),
        "prefix_cache_bytes": ("Memory used by the prefix cache", stats.prefix_cache_bytes),
        "memory_limit_bytes": ("Limit on all of this memory", stats.memory_limit),
        "engine_restarts": ("Engine restarts", stats.restarts),
    }
