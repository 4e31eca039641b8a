"""A checkpoint's chat template: messages and tools -> the prompt, rendered as Hugging Face does.

A template is a program. Known templates run in this process; unknown ones run in a child process
that is killed when one takes too much time or memory. Jinja, which costs start-up time, is imported
with the first known template that is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen3mlx.errors import InvalidRequestError, TemplateError

from .fault import TemplateFault
from .known import is_known
from .pool import SECONDS, ChildTemplate
from .source import DEFAULT, TemplateSource, templates_of

if TYPE_CHECKING:
    from .jinja import JinjaTemplate

QUESTION = [{"role": "user", "content": "Hi"}]
_PROBE = "a_probe"
_TOOL = {
    "type": "function",
    "function": {"name": _PROBE, "description": "", "parameters": {"type": "object"}},
}


class ChatTemplate:
    """A compiled template; `reads_reasoning` says whether it reads reasoning beside the content.

    `is_known` means that it is one of Qwen3's own.

    Raises TemplateError, with file and line, if it does not compile. An unknown template may
    compute for the given `seconds`.
    """

    def __init__(self, source: TemplateSource, *, seconds: float = SECONDS) -> None:
        self._name = source.name
        self.is_known = is_known(source.text)
        # Other templates look for thoughts in the content itself.
        self.reads_reasoning = "reasoning_content" in source.text
        self._template: JinjaTemplate | ChildTemplate
        with self._faults_are_named():
            if self.is_known:
                from .jinja import JinjaTemplate

                self._template = JinjaTemplate(source.text)
            else:
                self._template = ChildTemplate(source.text, seconds)

    def render(self, **context: Any) -> str:
        """Return the prompt.

        Raises InvalidRequestError if the template itself rejects the messages, or is unknown and
        receives data that is not JSON; TemplateError if it fails or had to be stopped.
        """
        with self._faults_are_named():
            return self._template.render(context)

    def shows_tools(self, **context: Any) -> bool:
        """Return whether the model gets to see tools, by rendering one.

        Returns False if the template rejects the attempt; raises TemplateError as `render` does.
        """
        values = {"documents": None, **context, "messages": QUESTION, "tools": [_TOOL]}
        try:
            return _PROBE in self.render(**values, add_generation_prompt=True)
        except InvalidRequestError:
            return False

    @contextmanager
    def _faults_are_named(self) -> Iterator[None]:
        try:
            yield
        except TemplateFault as fault:
            where = self._name if fault.line is None else f"{self._name} line {fault.line}"
            raise TemplateError(f"{where}: the chat template fails ({fault.reason}).") from None


def check_template(folder: Path) -> None:
    """Compile the checkpoint's template, unless it is known. Raises TemplateError naming the file
    and line.
    """
    source = templates_of(folder)[DEFAULT]
    if not is_known(source.text):
        ChatTemplate(source)
