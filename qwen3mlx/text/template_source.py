"""Where a checkpoint folder keeps its chat template; `chat_template` compiles it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen3mlx.config import model_text
from qwen3mlx.errors import CheckpointError, TemplateError

BUILTIN = "qwen3_chat_template.jinja"
DEFAULT = "default"
TOOL_USE = "tool_use"


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """Jinja text, and the name of the file it came from for error messages."""

    text: str
    name: str


def find_templates(folder: Path, config: Mapping[str, Any]) -> dict[str, TemplateSource]:
    """By name, `default` always among them: chat_template.jinja, else `config`'s, else Qwen3's own.

    `config` is tokenizer_config.json, whose `chat_template` is one text or a list of named ones.
    """
    path = folder / "chat_template.jinja"
    if path.is_file():
        return {DEFAULT: TemplateSource(_read(path), str(path))}
    name = str(folder / "tokenizer_config.json")
    templates = {DEFAULT: _builtin()}
    for key, text in _named(config.get("chat_template"), name).items():
        templates[key] = TemplateSource(text, name)
    return templates


def _named(value: object, name: str) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, str):
        return {DEFAULT: value}
    named: dict[str, str] = {}
    for entry in value if isinstance(value, list) else [value]:
        key, text = _pair(entry)
        if key is None or text is None:
            raise TemplateError(f"{name}: chat_template must be a text or a list of named texts.")
        named[key] = text
    return named


def _pair(entry: object) -> tuple[str | None, str | None]:
    if not isinstance(entry, Mapping):
        return None, None
    key, text = entry.get("name"), entry.get("template")
    return key if isinstance(key, str) else None, text if isinstance(text, str) else None


def _read(path: Path) -> str:
    try:
        return model_text(path)
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path} cannot be read ({error}).") from None


def _builtin() -> TemplateSource:
    return TemplateSource(_read(Path(__file__).with_name(BUILTIN)), BUILTIN)
