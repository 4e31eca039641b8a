"""`/props`, as in llama.cpp's server, whose clients request it before anything else."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter

from .... import __version__
from ....library.family import generation_config
from ...core.dependencies import ServiceDep
from ...core.model_info import ModelInfo
from ...core.telling import told_path
from ...core.template_traits import template_traits
from ...http.json_body import Route
from ..shared.request_fields import Parameter

router = APIRouter(tags=["OpenAI"], route_class=Route)


@router.get("/props")
async def props(service: ServiceDep, model: Parameter | None = None) -> dict[str, Any]:
    """The properties of `model`, or of the default model; it is not loaded for this."""
    info = await service.default_model(model)
    return await asyncio.to_thread(_props, info, service.engine.config.max_running)


def _props(info: ModelInfo, num_slots: int) -> dict[str, Any]:
    sampling = generation_config(info.path).sampling_defaults(thinking=True)
    traits = template_traits(info.path)
    return {
        "default_generation_settings": {"n_ctx": info.context_length, "params": sampling},
        "total_slots": num_slots,
        "model_alias": info.id,
        "model_path": told_path(info.path),
        "chat_template": traits.text,
        "chat_template_caps": {"supports_tools": traits.has_tools},
        "modalities": {"vision": False, "audio": False},
        "build_info": f"qwen3mlx {__version__}",
        "is_sleeping": info.loaded is None,
    }
