"""Prometheus metrics; their labels never reveal callers or prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine import Stats
from ..events import Finished

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
TOKENS = {
    "prompt": "Prompt tokens of answered requests",
    "cached": "Prompt tokens found in the prefix cache",
    "completion": "Tokens of the answers",
    "reasoning": "Reasoning tokens among them",
}


class Metrics:
    """Metrics in their own registry; `stats` is called whenever they are read."""

    def __init__(self, stats: Callable[[], Stats]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_EngineStats(stats))
        self.requests = Counter(
            "qwen3mlx_requests",
            "Finished HTTP requests",
            ["path", "status"],
            registry=self._registry,
        )
        self._tokens = {
            name: Counter(f"qwen3mlx_{name}_tokens", text, registry=self._registry)
            for name, text in TOKENS.items()
        }
        self._ttft = self._histogram("time_to_first_token", "From the request to the first token")
        self._duration = self._histogram("answer", "From the request to the last token")

    def finished(self, answer: Finished) -> None:
        """Record a complete answer."""
        for name, counter in self._tokens.items():
            counter.inc(getattr(answer.usage, f"{name}_tokens"))
        self._ttft.observe(answer.timings.ttft_s)
        self._duration.observe(answer.timings.ttft_s + answer.timings.decode_s)

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(f"qwen3mlx_{name}_seconds", text, registry=self._registry, buckets=SECONDS)


class RequestCounter:
    """Counts requests by route, not by the requested path."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._requests = metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "") or "none"
                self._requests.labels(route, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, count)


class _EngineStats(Collector):
    def __init__(self, stats: Callable[[], Stats]) -> None:
        self._stats = stats

    def collect(self) -> Iterator[GaugeMetricFamily]:
        stats = self._stats()
        gauges = {
            "running_requests": ("Running requests", stats.running),
            "waiting_requests": ("Queued requests", stats.waiting),
            "loaded_models": ("Models in memory", stats.loaded_models),
            "weight_bytes": ("Memory used by model weights", stats.weight_bytes),
            "kv_bytes": ("Memory used by the KV cache of running requests", stats.kv_bytes),
            "prefix_cache_bytes": ("Memory used by the prefix cache", stats.prefix_cache_bytes),
            "memory_limit_bytes": ("Limit on all of this memory", stats.memory_limit),
            "engine_restarts": ("Engine restarts", stats.restarts),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"qwen3mlx_{name}", text, value=value)
