"""What a checkpoint's chat template can do, found out by rendering it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..config import read_json
from ..errors import InvalidRequestError
from ..text import reasoning_start
from ..text.chat_template import ChatTemplate
from ..text.template_source import DEFAULT, TOOL_USE, TemplateSource, find_templates

_QUESTION = [{"role": "user", "content": "Hi"}]
_TOOL = {
    "type": "function",
    "function": {"name": "a_probe", "description": "", "parameters": {"type": "object"}},
}


@dataclass(frozen=True, slots=True)
class TemplateTraits:
    """`thinking` are the values of `think` that make a difference, the default first."""

    text: str
    has_tools: bool
    thinking: tuple[bool, ...]


def template_traits(folder: Path) -> TemplateTraits:
    """Of the checkpoint in `folder`. Raises TemplateError and CheckpointError."""
    path = folder / "tokenizer_config.json"
    sources = find_templates(folder, read_json(path) if path.is_file() else {})
    return _traits(sources[DEFAULT], sources.get(TOOL_USE, sources[DEFAULT]))


@lru_cache(maxsize=32)
def _traits(chat: TemplateSource, tool_use: TemplateSource) -> TemplateTraits:
    return TemplateTraits(
        text=chat.text,
        has_tools="a_probe" in _render(tool_use, tools=[_TOOL]),
        thinking=_thinking(chat),
    )


def _thinking(source: TemplateSource) -> tuple[bool, ...]:
    """Hybrid models can do both; Thinking-2507 always thinks, Instruct-2507 never does."""
    on, off = (_render(source, enable_thinking=enable) for enable in (True, False))
    if on != off:
        return (True, False)
    return (True,) if reasoning_start(on) == "inside" else (False,)


def _render(source: TemplateSource, **context: Any) -> str:
    values = {"messages": _QUESTION, "tools": None, "documents": None, **context}
    try:
        return ChatTemplate(source).render(**values, add_generation_prompt=True)
    except InvalidRequestError:  # the template refuses what was tried
        return ""
