"""One request for an answer, in the form that all dialects and callers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from .errors import InvalidRequestError
from .field_names import own_field_names
from .quoting import quoted
from .text import TextForm


class NamedTool(NamedTuple):
    """A `tool_choice` that names one function."""

    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedTool


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A conversation to answer (`messages`), or a text or token ids to complete (`prompt`).

    `messages` and `tools` are OpenAI-shaped. `json_schema` or `form` constrains the answer, but not
    the thinking. A part of the schema that cannot be enforced causes a warning, or an error with
    `json_schema_strict`. `continue_final_message` continues the last message, which must be the
    assistant's. `sampling` holds fields of SamplingParams; None means the checkpoint's default.
    `thinking_switch` is `enable_thinking` where the caller itself set it, and not an effort or a
    default: a server refuses a mode that the model does not have.
    `field_names` maps these fields, and places in them (`messages[2].content`), to the caller's own
    names where they differ, for errors and warnings.
    """

    messages: Sequence[Mapping[str, Any]] | None = None
    prompt: str | Sequence[int] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    json_schema: Mapping[str, Any] | None = None
    json_schema_strict: bool = False
    form: TextForm | None = None
    enable_thinking: bool | None = None
    thinking_switch: bool | None = None
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    continue_final_message: bool = False
    sampling: Mapping[str, Any] = field(default_factory=dict)
    field_names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_bound(self) -> bool:
        """Whether the request constrains the form of the answer or its tool calls."""
        uses_tools = bool(self.tools) and self.tool_choice != "none"
        return uses_tools or self.json_schema is not None or self.form is not None

    @property
    def num_characters(self) -> int:
        """Characters of all texts in the request, a measure of the work to read them."""
        if isinstance(self.prompt, str):
            return len(self.prompt)
        return num_characters([self.messages, self.tools])

    def __post_init__(self) -> None:
        with own_field_names(self.field_names):
            self._check()

    def _check(self) -> None:
        if (self.messages is None) == (self.prompt is None):
            raise InvalidRequestError("Send either messages or a prompt.", param="messages")
        if self.form is not None and self.json_schema is not None:
            raise InvalidRequestError(
                f"{self.form.param} cannot be combined with a JSON schema: send only one of them.",
                param=self.form.param,
            )
        if self.prompt is not None:
            self._refuse_chat_options()
        if isinstance(self.tool_choice, NamedTool) or self.tool_choice == "required":
            self._check_tool_choice()
        if self.continue_final_message:
            self._refuse_grammar()

    def _refuse_chat_options(self) -> None:
        """Reject options that only a chat template can honour: a prompt is completed as is."""
        chat_only = {
            "tools": bool(self.tools),
            "enable_thinking": self.enable_thinking is not None,
            "chat_template_kwargs": bool(self.chat_template_kwargs),
            "continue_final_message": self.continue_final_message,
            "thinking_budget": self.sampling.get("thinking_budget") is not None,
        }
        for name, given in chat_only.items():
            if given:
                raise InvalidRequestError(
                    f"{name} requires messages: a prompt is completed without the chat template.",
                    param=name,
                )

    def _refuse_grammar(self) -> None:
        """Reject a continued message: a grammar constrains an answer from its first token."""
        bound = self.json_schema is not None or self.form is not None
        if bound or self.tool_choice not in ("auto", "none"):
            raise InvalidRequestError(
                "The last message cannot be continued together with a JSON schema, another "
                "constraint or a forced tool call: remove one of them.",
                param="messages",
            )

    def _check_tool_choice(self) -> None:
        functions = [tool.get("function", tool) for tool in self.tools]
        names = [f.get("name") for f in functions if isinstance(f, Mapping)]
        wanted = self.tool_choice.name if isinstance(self.tool_choice, NamedTool) else None
        if not names:
            raise InvalidRequestError(
                "tool_choice requires a call, but there are no tools: send tools.",
                param="tool_choice",
            )
        if wanted is not None and wanted not in names:
            raise InvalidRequestError(
                f"tool_choice names the function {quoted(wanted)}, which is not in tools.",
                param="tool_choice",
            )


def num_characters(value: Any) -> int:
    """Count the characters of all texts in JSON data."""
    count, left = 0, [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            count += len(value)
        elif isinstance(value, Mapping):
            left += value.values()
        elif isinstance(value, (list, tuple)):
            left += value
    return count
