"""Models as Ollama's API describes them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from ....config import LARGEST_PAGE, ModelConfig, model_text
from ....library.family import generation_config, listed_names
from ...core.model_info import ModelInfo, ResidentInfo
from ...core.template_traits import TemplateTraits
from ...json_text import Json
from ...timestamps import rfc3339

# Ollama represents "never expires" as a time in a later century.
_FOR_GOOD_S = 200 * 365 * 24 * 3600.0


def tags(models: Sequence[ModelInfo], aliases: Mapping[str, ModelInfo]) -> Json:
    """GET /api/tags: the models on this computer, newest first, and by the user's own names."""
    names = tagged_names(models, aliases)
    named = [(names[model.id], model) for model in models]
    named += [(_with_tag(alias), model) for alias, model in aliases.items()]
    latest = sorted(named, key=lambda pair: pair[1].modified, reverse=True)
    return {"models": [_listed(name, model) for name, model in latest]}


def processes(models: Sequence[ModelInfo], aliases: Container[str] = ()) -> Json:
    """GET /api/ps: the models in memory."""
    names = tagged_names(models, aliases)
    running = [_running(names[each.id], each, each.loaded) for each in models if each.loaded]
    return {"models": running}


def show(model: ModelInfo, traits: TemplateTraits) -> Json:
    """POST /api/show. Reads the small files of the checkpoint; raises CheckpointError."""
    config = ModelConfig.from_folder(model.path)
    parameters = _parameters(model.path, thinking=traits.thinking[0])
    return {
        "license": _license(model.path),
        "modelfile": _modelfile(model, traits.text, parameters),
        "parameters": "\n".join(f"{name:<30} {value}" for name, value in parameters.items()),
        "template": traits.text,
        "details": _details(model),
        "model_info": _model_info(model, config),
        "capabilities": capabilities(model, traits),
        "thinking": {"values": list(traits.thinking), "default": traits.thinking[0]},
        "modified_at": rfc3339(model.modified),
    }


def capabilities(model: ModelInfo, traits: TemplateTraits) -> list[str]:
    """`embedding` for embedding models; otherwise what the model's chat template supports."""
    if model.is_embedding:
        return ["embedding"]
    can = ["completion"]
    if model.is_chat and traits.has_tools:
        can.append("tools")
    if model.is_chat and True in traits.thinking:
        can.append("thinking")
    return can


def tagged_names(models: Sequence[ModelInfo], aliases: Container[str] = ()) -> dict[str, str]:
    """Return a name by id, with a tag, as clients expect: `qwen3:8b`, or else `id:latest`.

    Names in `aliases` are the user's, who can give them to other models.
    """
    ids = [model.id for model in models]
    known = {each: name for each, name in listed_names(ids).items() if name not in aliases}
    return {model_id: _with_tag(model_id) for model_id in ids} | known


def _with_tag(name: str) -> str:
    return name if ":" in name else f"{name}:latest"


def _listed(name: str, model: ModelInfo) -> Json:
    return {
        "name": name,
        "model": name,
        "modified_at": rfc3339(model.modified),
        "size": model.size_bytes,
        "digest": _digest(model),
        "details": _details(model),
    }


def _running(name: str, model: ModelInfo, loaded: ResidentInfo) -> Json:
    stays = loaded.ttl_s if loaded.expires_in_s is None else loaded.expires_in_s
    return {
        "name": name,
        "model": name,
        "size": loaded.nbytes,
        "digest": _digest(model),
        "details": _details(model),
        "expires_at": rfc3339(time.time() + min(stays, _FOR_GOOD_S)),
        "size_vram": loaded.nbytes,  # unified memory: the GPU can use all of it
        "context_length": loaded.context_length,
    }


def _details(model: ModelInfo) -> Json:
    return {
        "parent_model": "",
        "format": "safetensors",
        "family": _family(model),
        "families": [_family(model)],
        "parameter_size": model.params,
        "quantization_level": model.quantization or f"{model.bits_per_weight:.0f}bit",
    }


def _family(model: ModelInfo) -> str:
    """Return the family as GGUF spells it; the keys of `model_info` start with it."""
    return model.arch.replace("_", "")


def _digest(model: ModelInfo) -> str:
    """Identifies a model and its version; reads no weights."""
    identity = f"{model.path}\n{model.size_bytes}\n{model.modified}"
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()


def _model_info(model: ModelInfo, config: ModelConfig) -> Json:
    """GGUF's names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""
    family = _family(model)
    architecture = {
        "context_length": model.max_context_length,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "vocab_size": config.vocab_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.key_length": config.head_dim,
        "attention.value_length": config.head_dim,
    }
    if config.num_experts:
        architecture["expert_count"] = config.num_experts
        architecture["expert_used_count"] = config.num_experts_per_tok
    return {
        "general.architecture": family,
        "general.basename": model.id,
        "general.parameter_count": config.num_parameters,
        **{f"{family}.{name}": value for name, value in architecture.items()},
    }


def _parameters(folder: Path, *, thinking: bool) -> dict[str, float]:
    """The default sampling, under Ollama's names."""
    defaults = generation_config(folder).sampling_defaults(thinking=thinking)
    renamed = {"repetition_penalty": "repeat_penalty"}
    return {renamed.get(name, name): value for name, value in defaults.items()}


def _modelfile(model: ModelInfo, template: str, parameters: dict[str, float]) -> str:
    lines = [f"PARAMETER {name} {value}" for name, value in parameters.items()]
    return "\n".join([f"FROM {model.id}", f'TEMPLATE """{template}"""', *lines, ""])


def _license(folder: Path) -> str:
    path = folder / "LICENSE"
    return model_text(path, largest=LARGEST_PAGE, errors="replace") if path.is_file() else ""
