"""`qwen3mlx show`: show details of one model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import Model, PrintJson
from .terminal import Terminal

if TYPE_CHECKING:
    from ..config import ModelConfig
    from ..library import LocalModel


def show(model: Model, as_json: PrintJson = False) -> None:
    """Show a model's architecture, size, sampling defaults and load settings."""
    from .models import find_installed
    from .tables import print_facts, print_json

    found, terminal = find_installed(model), Terminal.standard()
    if as_json:
        print_json(_as_object(found), terminal)
    else:
        print_facts(_facts(found), terminal)


def _as_object(model: LocalModel) -> dict[str, Any]:
    from ..config import ModelConfig, read_json
    from .tables import model_object

    return model_object(model) | {
        "num_parameters": ModelConfig.from_folder(model.path).num_parameters,
        "sampling": _sampling(model.path),
        "chat_template": _template(model.path),
        "license": _license(model.path),
        "load_settings": _load_settings(model),
        "config": read_json(model.path / "config.json"),
    }


def _facts(model: LocalModel) -> list[tuple[str, str]]:
    from ..config import ModelConfig
    from ..quoting import size_text

    config = ModelConfig.from_folder(model.path)
    return [
        ("model", model.id),
        ("folder", str(model.path)),
        *([("adapter", str(model.adapter))] if model.adapter is not None else []),
        ("kind", f"{model.arch}, {model.kind}"),
        ("parameters", f"{model.params} ({config.num_parameters:,})"),
        ("layers", _layers(config)),
        ("weights", f"{_weights(config)}, {model.bits_per_weight} bits per weight"),
        ("size", f"{size_text(model.size_bytes)} on disk"),
        ("context", f"{model.max_context_length:,} tokens{_scaled(config)}"),
        *(
            (f"{mode} sampling".replace("_", "-"), _listed(values))
            for mode, values in _sampling(model.path).items()
        ),
        ("chat template", _template(model.path)),
        ("license", _license(model.path) or "not stated"),
        ("load settings", _listed(_load_settings(model)) or "none saved"),
    ]


def _layers(config: ModelConfig) -> str:
    experts = (
        f", {config.num_experts} experts ({config.num_experts_per_tok} active per token)"
        if config.num_experts
        else ""
    )
    return (
        f"{config.num_hidden_layers} of width {config.hidden_size:,}, "
        f"{config.num_attention_heads} attention heads, {config.num_key_value_heads} KV heads"
        f"{experts}"
    )


def _weights(config: ModelConfig) -> str:
    if config.published is not None:
        return config.published.label
    if config.quantization is None:
        return config.dtype
    spec = config.quantization.default
    return f"{spec.mode} {spec.bits}-bit in groups of {spec.group_size}"


def _scaled(config: ModelConfig) -> str:
    names = {"yarn": "YaRN", "linear": "linear scaling"}
    name = names.get(config.rope.kind)
    return f", {name} by {config.rope.factor:g}" if name else ""


def _sampling(folder: Path) -> dict[str, dict[str, float]]:
    from ..library.family import generation_config

    generation = generation_config(folder)
    return {
        "thinking": generation.sampling_defaults(thinking=True),
        "non_thinking": generation.sampling_defaults(thinking=False),
    }


def _template(folder: Path) -> str:
    """Return the file that holds the template: one in the folder, or our own copy of Qwen3's."""
    from ..text.templates.source import DEFAULT, templates_of

    return Path(templates_of(folder)[DEFAULT].name).name


def _license(folder: Path) -> str | None:
    """Return the license from the model card's header, or else the license file's name."""
    from ..config import LARGEST_PAGE, model_text

    card = folder / "README.md"
    if card.is_file():
        text = model_text(card, largest=LARGEST_PAGE, errors="replace")
        head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
        if head and (named := re.search(r"^license:\s*(\S+)", head[1], re.MULTILINE)):
            return named[1]
    return next((path.name for path in sorted(folder.glob("LICENSE*"))), None)


def _load_settings(model: LocalModel) -> dict[str, Any]:
    from ..library import ModelSettings

    settings = ModelSettings()
    values = asdict(settings.load(model.id)) | {"ttl": settings.ttl(model.id)}
    return {name: value for name, value in values.items() if value is not None}


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
