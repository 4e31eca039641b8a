"""Models as LM Studio's API describes them."""

from __future__ import annotations

from ...core.model_info import ModelInfo, ResidentInfo
from ...json_text import Json


def v0_model(info: ModelInfo) -> Json:
    """A member of GET /api/v0/models."""
    loaded = {"loaded_context_length": info.loaded.context_length} if info.loaded else {}
    return {
        "id": info.id,
        "object": "model",
        "type": "embeddings" if info.is_embedding else "llm",
        "publisher": info.publisher,
        "arch": info.arch,
        "compatibility_type": "mlx",
        "quantization": info.quantization,
        "state": info.state,
        "max_context_length": info.max_context_length,
        **loaded,
        "capabilities": ["tool_use"] if info.is_chat else [],
    }


def v1_model(info: ModelInfo, thinking: tuple[bool, ...]) -> Json:
    """A member of GET /api/v1/models.

    `thinking` lists the values of `enable_thinking` that the model supports, default first.
    """
    about = {
        "type": model_type(info),
        "publisher": info.publisher,
        "key": info.id,
        "display_name": info.id.rpartition("/")[2].replace("-", " "),
        "architecture": info.arch,
        "quantization": {"name": info.quantization, "bits_per_weight": info.bits_per_weight},
        "size_bytes": info.size_bytes,
        "params_string": info.params,
        "loaded_instances": [{"id": info.id, "config": load_config(info.loaded)}]
        if info.loaded
        else [],
        "max_context_length": info.max_context_length,
        "format": "mlx",
    }
    if info.is_embedding:
        return about
    return {**about, "capabilities": _capabilities(info, thinking), "description": None}


def model_type(info: ModelInfo) -> str:
    return "embedding" if info.is_embedding else "llm"


def load_config(loaded: ResidentInfo) -> Json:
    """The non-default options with which a model in memory was loaded."""
    options = {
        "rope_scaling": loaded.load_options.rope_scaling,
        "kv_bits": loaded.load_options.kv_bits,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return {"context_length": loaded.context_length, **given}


def reasoning_options(thinking: tuple[bool, ...]) -> list[str]:
    """The values of `reasoning` that a model supports."""
    off = ["off"] if False in thinking else []
    return [*off, *(["low", "medium", "high", "on"] if True in thinking else [])]


def _capabilities(info: ModelInfo, thinking: tuple[bool, ...]) -> Json:
    capabilities: Json = {"vision": False, "trained_for_tool_use": info.is_chat}
    if info.is_chat and True in thinking:
        default = "on" if thinking[0] else "off"
        capabilities["reasoning"] = {
            "allowed_options": reasoning_options(thinking),
            "default": default,
        }
    return capabilities
