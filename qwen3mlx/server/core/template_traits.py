"""The features that a checkpoint's chat template supports, found by rendering it."""

from __future__ import annotations

import time
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import InvalidRequestError, OverloadedError, TemplateError
from ...library.family import member_in
from ...library.local_model import LocalModel
from ...request import GenerationRequest
from ...text import reasoning_start
from ...text.markers import END_THINK
from ...text.reasoning import ASSISTANT
from ...text.templates.chat_template import QUESTION, ChatTemplate
from ...text.templates.known import is_known
from ...text.templates.source import DEFAULT, TOOL_USE, TemplateSource, templates_of

# Seconds of CPU time for an untrusted template, while a person waits for a list of models.
_SECONDS = 0.5
# At most _MOST_SLOW slow templates are tried within _WITHIN seconds; the others wait.
_MOST_SLOW = 8
_WITHIN = 10.0

_slow_at: deque[float] = deque(maxlen=_MOST_SLOW)


class TemplateTraits(NamedTuple):
    """`thinking` lists the values of `enable_thinking` that the model supports, default first."""

    text: str
    has_tools: bool
    thinking: tuple[bool, ...]


def template_traits(folder: Path) -> TemplateTraits:
    """The traits of the checkpoint in `folder`; a released model's modes are those of the family's
    table. Raises CheckpointError, including TemplateError.

    OverloadedError while so many templates are slow that no other is tried.
    """
    sources = templates_of(folder)
    found = _traits(sources[DEFAULT], sources.get(TOOL_USE, sources[DEFAULT]))
    if isinstance(found, TemplateError):
        raise TemplateError(str(found))
    member = member_in(folder)
    is_known = member is not None and "chat" in member.capabilities
    return found._replace(thinking=member.thinking) if member and is_known else found


def check_switch(model: LocalModel, request: GenerationRequest) -> None:
    """Raises InvalidRequestError for a mode of thinking that the model does not have."""
    modes = template_traits(model.path).thinking
    if request.thinking_switch not in modes:
        param = request.field_names.get("enable_thinking", "enable_thinking")
        does = "always thinks" if modes[0] else "does not support thinking"
        raise InvalidRequestError(f"{model.id} {does}; omit {param}.", param=param)


@lru_cache(maxsize=64)
def _traits(chat: TemplateSource, tool_use: TemplateSource) -> TemplateTraits | TemplateError:
    """Errors are cached, too: a template that takes too long is only tried once."""
    start = time.monotonic()
    if len(_slow_at) == _MOST_SLOW and start - _slow_at[0] < _WITHIN:
        raise OverloadedError(
            f"{chat.name} has not been checked yet: other models' chat templates take too long."
        )
    try:
        return TemplateTraits(
            text=chat.text,
            has_tools=ChatTemplate(tool_use, seconds=_SECONDS).shows_tools(),
            thinking=_thinking(chat),
        )
    except TemplateError as error:
        if time.monotonic() - start > _SECONDS / 2:
            _slow_at.append(start)
        return error


def _thinking(source: TemplateSource) -> tuple[bool, ...]:
    """Hybrid models support both; Thinking-2507 always thinks, Instruct-2507 never does.

    A template that does not mention thinking leaves it to the model; switching thinking off then
    closes the reasoning at once. One that begins an answer in its own way, but knows what a thought
    is, as DeepSeek's does, is of a model that always thinks.
    """
    on, off = (_render(source, enable_thinking=enable) for enable in (True, False))
    if on != off:
        return (True, False)
    start = reasoning_start(on)
    if start == "auto" and on.endswith(ASSISTANT) and not is_known(source.text):
        return (True, False)
    thinks = start == "auto" and END_THINK in source.text and not is_known(source.text)
    return (True,) if start == "inside" or thinks else (False,)


def _render(source: TemplateSource, **context: Any) -> str:
    values = {"messages": QUESTION, "tools": None, "documents": None, **context}
    try:
        template = ChatTemplate(source, seconds=_SECONDS)
        return template.render(**values, add_generation_prompt=True)
    except InvalidRequestError:  # the template refuses this combination
        return ""
