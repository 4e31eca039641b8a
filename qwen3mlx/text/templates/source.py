"""Find a checkpoint's chat template; `chat_template` compiles it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from qwen3mlx.config import model_text, read_json
from qwen3mlx.errors import CheckpointError, TemplateError

BUILTIN = "qwen3_chat_template.jinja"
DEFAULT = "default"
TOOL_USE = "tool_use"
# Maximum characters of a template, and templates per checkpoint; the longest known has 30,000.
LONGEST = 256_000
MOST_NAMED = 32


class TemplateSource(NamedTuple):
    """Jinja text, and its file's name for error messages."""

    text: str
    name: str


def templates_of(folder: Path) -> dict[str, TemplateSource]:
    """Return the templates of the checkpoint in `folder`; see `find_templates`."""
    path = folder / "tokenizer_config.json"
    return find_templates(folder, read_json(path) if path.is_file() else {})


def find_templates(folder: Path, config: Mapping[str, Any]) -> dict[str, TemplateSource]:
    """Return templates by name, always with `default`: from chat_template.jinja, `config`, or
    Qwen3's own.

    `config` is tokenizer_config.json, whose `chat_template` is a string or a list of named
    templates. Raises TemplateError for anything else, and for a template that is too long.
    """
    path = folder / "chat_template.jinja"
    if path.is_file():
        return {DEFAULT: _source(_read(path), str(path))}
    name = str(folder / "tokenizer_config.json")
    templates = {DEFAULT: _builtin()}
    for key, text in _named(config.get("chat_template"), name).items():
        templates[key] = _source(text, name)
    return templates


def _named(value: object, name: str) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, str):
        return {DEFAULT: value}
    entries = value if isinstance(value, list) else [value]
    if len(entries) > MOST_NAMED:
        raise TemplateError(f"{name}: chat_template lists more than {MOST_NAMED} templates.")
    named: dict[str, str] = {}
    for entry in entries:
        key, text = _pair(entry)
        if key is None or text is None:
            raise TemplateError(
                f"{name}: chat_template must be a string or a list of named strings."
            )
        named[key] = text
    return named


def _source(text: str, name: str) -> TemplateSource:
    if len(text) > LONGEST:
        raise TemplateError(
            f"{name}: the chat template has {len(text):,} characters; the limit is {LONGEST:,}."
        )
    return TemplateSource(text, name)


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
