"""The settings of a server -> those of its engine."""

from __future__ import annotations

import math

from ...config import EngineConfig
from ...engine.model_pool import Loader
from ..settings import ServerSettings


def engine_config(settings: ServerSettings) -> EngineConfig:
    return EngineConfig(
        max_running=settings.max_running,
        max_waiting=settings.max_waiting,
        memory_limit=_num_bytes(settings.memory_limit),
        prefix_cache_bytes=_num_bytes(settings.prefix_cache),
        ttl_s=settings.ttl or math.inf,
    )


def group_loader(settings: ServerSettings) -> Loader | None:
    """Raises UsageError for a hosts file that cannot be used."""
    if settings.hosts is None:
        return None
    from ...ranks import GroupLoader, read_hosts

    return GroupLoader(read_hosts(settings.hosts), _num_bytes(settings.memory_limit))


def _num_bytes(gigabytes: float | None) -> int | None:
    return None if gigabytes is None else math.ceil(gigabytes * 1e9)
