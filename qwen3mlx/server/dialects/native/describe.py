"""Describes a model: its properties, its memory needs, its settings."""

from __future__ import annotations

import math
from typing import Any

from ....config import LoadOptions
from ....library import ModelSettings
from ....library.family import generation_config
from ....library.fit import Asked, fit
from ....model import footprint
from ...core.model_info import ModelInfo, ResidentInfo
from ...core.telling import told_path
from ...core.template_traits import template_traits
from ...json_text import Json


def model_json(
    info: ModelInfo, settings: ModelSettings, limit: int, context_length: int | None = None
) -> Json:
    """The complete description. Reads small files: do not call it on the event loop.

    Raises Qwen3MLXError if the checkpoint or its settings are broken.
    """
    options = settings.load(info.id)
    needs = footprint(info.path, options)
    advised = generation_config(info.path)
    return {
        "id": info.id,
        "path": told_path(info.path),
        "source": info.source,
        "publisher": info.publisher,
        "arch": info.arch,
        "params": info.params,
        "quantization": info.quantization,
        "bits_per_weight": info.bits_per_weight,
        "size_bytes": info.size_bytes,
        "modified": info.modified,
        "max_context_length": info.max_context_length,
        "is_chat": info.is_chat,
        "is_embedding": info.is_embedding,
        "thinking": _thinking(info),
        "state": info.state,
        "load_progress": info.load_progress,
        "loaded": None if info.loaded is None else _loaded(info.loaded),
        "settings": settings_json(info.id, settings, options),
        "sampling_defaults": {
            "thinking": advised.sampling_defaults(thinking=True),
            "no_thinking": advised.sampling_defaults(thinking=False),
        },
        "fit": fit(needs, limit, Asked(context_length or options.context_length))._asdict(),
    }


def settings_json(model_id: str, settings: ModelSettings, options: LoadOptions) -> Json:
    return {
        **_options(options),
        "ttl": settings.ttl(model_id),
        "sampling": settings.sampling(model_id),
    }


def _loaded(loaded: ResidentInfo) -> Json:
    return {
        **_options(loaded.load_options),
        "context_length": loaded.context_length,
        "nbytes": loaded.nbytes,
        "ttl": loaded.ttl_s if math.isfinite(loaded.ttl_s) else None,
        "expires_in": loaded.expires_in_s,
        "num_requests": loaded.num_requests,
    }


def _options(options: LoadOptions) -> dict[str, Any]:
    scaling = options.rope_scaling
    return {
        "context_length": options.context_length,
        "rope_scaling": None if scaling is None else dict(scaling),
        "kv_bits": options.kv_bits,
    }


def _thinking(info: ModelInfo) -> Json:
    """Return whether the model can think, thinks by default, and can stop thinking on request."""
    values = template_traits(info.path).thinking if info.is_chat else (False,)
    return {
        "can": True in values,
        "default": values[0] and info.is_chat,
        "can_disable": False in values,
    }
