"""The loop of an agent: what the model is asked next, and which calls are to be made before that.

It has no input or output of its own. Whoever drives it generates an answer from `messages` and
`functions`, passes it to `answered`, carries out the calls that it returns, in any order or all at
once, passes each result to `finished`, and begins again; without calls, the answer is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from ..text import Tokenizer
from .outcome import Outcome, cut_note
from .toolbox import Tool, Toolbox

Message = Mapping[str, Any]
# Returns the beginning of a text with at most so many tokens; the text itself if it has no more.
Cut = Callable[[str, int], str]

# Why the loop has ended: the model has answered; it was told to answer and called again; the caller
# has stopped it; calls are left to the caller.
Ending = Literal["answered", "limit", "cancelled", "left"]

OVER = (
    "(This call was not made, as all calls that one answer may make have been made. Answer now, "
    "with what is known.)"
)
UNKNOWN = "There is no tool of this name; the tools are: "
NOT_MADE = "(This call was not made: the answer was stopped.)"
# Tokens that stay free for the next answer, as a share of what is left of the context.
SHARE_OF_RESULTS = 0.5
# A result is not cut below this, even if the context overflows then: nothing could be done with it.
LEAST_TOKENS = 64


def cut_by(tokenizer: Tokenizer) -> Cut:
    """Cut texts by the tokens that they have as the result of a tool."""

    def cut(text: str, num_tokens: int) -> str:
        ids = tokenizer.encode_data(text, at_most=num_tokens)
        if len(ids) <= num_tokens:
            return text
        return tokenizer.decode(ids[:num_tokens]).rstrip("\ufffd")

    return cut


class Limits(NamedTuple):
    """What one answer may take: steps (answers of the model), calls, and tokens of all steps."""

    steps: int = 25
    calls: int = 100
    tokens: int | None = None


class WrittenCall(Protocol):
    """A call as the model wrote it; `arguments` is JSON text."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> str: ...


class Spent(Protocol):
    """The tokens of one step."""

    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...


@dataclass(eq=False)
class Call:
    """A call that the model has made; `tool` is None if there is none of that name.

    `value` are its arguments as an object. `outcome` is None until the call has ended; `given` is
    what the model gets of its text. One that `is_left` is none of the loop's.
    """

    id: str
    name: str
    arguments: str
    tool: Tool | None
    value: dict[str, Any]
    outcome: Outcome | None = None
    given: str = ""
    is_left: bool = False


class ToolLoop:
    """One answer to `messages` that may take several steps.

    `context_length` is the model's, in tokens; `cut` counts with the model's tokenizer. Calls of
    the names for which `is_left` is true are left to the caller, and end the loop.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        toolbox: Toolbox,
        *,
        context_length: int,
        cut: Cut,
        limits: Limits | None = None,
        is_left: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.messages: list[Message] = list(messages)
        self.calls: list[Call] = []
        self.ending: Ending | None = None
        self.num_steps = 0
        self._num_given = len(self.messages)
        self._toolbox = toolbox
        self._limits = limits or Limits()
        self._context_length = context_length
        self._cut = cut
        self._is_left = is_left
        self._used = 0  # of the context
        self._num_tokens = 0  # of all steps
        self._round: list[Call] = []

    @property
    def functions(self) -> list[dict[str, Any]]:
        return self._toolbox.functions

    @property
    def tokens_left(self) -> int | None:
        """What the next step may take; None without a limit."""
        limit = self._limits.tokens
        return None if limit is None else max(0, limit - self._num_tokens)

    @property
    def new_messages(self) -> list[Message]:
        """What has been added to the conversation."""
        return self.messages[self._num_given :]

    def answered(
        self, content: str, reasoning: str, calls: Sequence[WrittenCall], usage: Spent
    ) -> list[Call]:
        """Take a complete step; return its calls, some of which may have ended already.

        Without calls, or after the last step, whose calls have all ended, the loop is over. Calls
        that are left to the caller are not among those returned.
        """
        self.num_steps += 1
        self._used = usage.prompt_tokens + usage.completion_tokens
        self._num_tokens += usage.completion_tokens
        was_told = any(call.outcome and call.outcome.status == "limit" for call in self._round)
        self._begin_round(calls, self._is_left)
        self.messages.append(_turn(content, reasoning, self._round))
        if not calls:
            self.ending = "answered"
        elif was_told or self.tokens_left == 0:
            self.stop("limit")
        else:
            self._add_results_if_all_ended()
        return [call for call in self._round if not call.is_left]

    def resumed(self, calls: Sequence[WrittenCall], used: int) -> list[Call]:
        """Take calls of the last message, before the first step; return them as `answered` does.

        `used` are the tokens of the context so far.
        """
        self._used = used
        self._begin_round(calls, lambda _: False)
        self._add_results_if_all_ended()
        return list(self._round)

    def finished(self, call: Call, outcome: Outcome) -> None:
        """Take the end of a call; when all of the step have ended, the next one can begin."""
        assert call.outcome is None
        self._end(call, outcome)
        if self.ending is None:
            self._add_results_if_all_ended()

    def stop(self, ending: Ending = "cancelled") -> None:
        """End the loop. Calls without an end get one, so that the conversation can go on."""
        self.ending = ending
        status, text = ("limit", OVER) if ending == "limit" else ("cancelled", NOT_MADE)
        for call in self._round:
            if call.outcome is None and not call.is_left:
                self._end(call, Outcome(status, text))  # type: ignore[arg-type]  # one of two
        if self._round and self.messages[-1].get("role") != "tool":
            self._add_results()

    def _begin_round(self, calls: Sequence[WrittenCall], is_left: Callable[[str], bool]) -> None:
        self._round = [
            Call(call.id, call.name, call.arguments, None, {}, is_left=True)
            if is_left(call.name)
            else self._call(call, number)
            for number, call in enumerate(calls)
        ]
        self.calls += self._round
        for call in self._round:
            if call.outcome is not None:
                self._end(call, call.outcome)

    def _call(self, written: WrittenCall, number: int) -> Call:
        tool = self._toolbox.tools.get(written.name)
        call = Call(written.id, written.name, written.arguments, tool, {})
        if tool is None:
            known = ", ".join(self._toolbox.tools) or "none"
            call.outcome = Outcome("invalid", f"{UNKNOWN}{known}.")
            return call
        call.value, fault = self._toolbox.arguments(tool, written.arguments)
        if fault is not None:
            call.outcome = Outcome("invalid", fault)
        elif self.num_steps >= self._limits.steps or self._num_calls(number) > self._limits.calls:
            call.outcome = Outcome("limit", OVER)
        return call

    def _num_calls(self, number: int) -> int:
        """The calls of earlier steps, and those of this one up to `number`."""
        return len(self.calls) + number + 1

    def _add_results_if_all_ended(self) -> None:
        if all(call.outcome or call.is_left for call in self._round):
            self._add_results()
            if any(call.is_left for call in self._round):
                self.ending = "left"

    def _add_results(self) -> None:
        for call in self._round:
            if not call.is_left:
                result = {"role": "tool", "tool_call_id": call.id, "content": call.given}
                self.messages.append(result)

    def _end(self, call: Call, outcome: Outcome) -> None:
        """All results of a step take a part of what is left of the context, in equal shares."""
        left = max(0, self._context_length - self._used)
        share = int(left * SHARE_OF_RESULTS) // len(self._round)
        call.outcome = outcome
        call.given = self._fitted(outcome.text, max(share, LEAST_TOKENS))

    def _fitted(self, text: str, num_tokens: int) -> str:
        if len(text.encode("utf-8", "replace")) <= num_tokens:  # a token has at least one byte
            return text
        kept = self._cut(text, num_tokens)
        return text if kept == text else kept + cut_note(len(text), len(kept))


def _turn(content: str, reasoning: str, calls: Sequence[Call]) -> dict[str, Any]:
    """A step as a message. Its reasoning stays: Qwen3 is shown that of the steps so far."""
    turn: dict[str, Any] = {"role": "assistant", "content": content}
    if reasoning:
        turn["reasoning_content"] = reasoning
    if calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in calls
        ]
    return turn
