"""Pass the events of one answer to a view, and collect them into one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from ..events import Event, Finished


class View(Protocol):
    """Shows an answer as it streams. `close` is called once, also after an error."""

    def prefill(self, done: int, total: int) -> None: ...
    def reasoning(self, text: str) -> None: ...
    def content(self, text: str) -> None: ...
    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class WrittenCall:
    """A tool call; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str = ""


class Answer(NamedTuple):
    """`finished` is None when the answer was interrupted.

    `calls` are those that this answer makes, `told_calls` what `--json` tells of all before it.
    """

    content: str
    reasoning: str
    finished: Finished | None
    calls: Sequence[WrittenCall] = ()
    told_calls: Sequence[dict[str, Any]] = ()

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        assert self.finished is not None
        usage, timings = self.finished.usage, self.finished.timings
        speeds = {"prefill_tps": timings.prefill_tps, "decode_tps": timings.decode_tps}
        called = {"tool_calls": list(self.told_calls)} if self.told_calls else {}
        return {
            "content": self.content,
            "reasoning_content": self.reasoning or None,
            **called,
            "finish_reason": self.finished.finish_reason,
            "usage": usage._asdict(),
            "timings": {**timings._asdict(), **speeds},
        }


class Silent:
    """The view of `--json`: it shows nothing, because everything is printed at the end."""

    def prefill(self, done: int, total: int) -> None: ...
    def reasoning(self, text: str) -> None: ...
    def content(self, text: str) -> None: ...
    def close(self) -> None: ...


def collect(events: Iterable[Event], view: View) -> Answer:
    """Show `events` in `view` until the last one, and return the collected answer."""
    from ..events import Finished, Prefill
    from ..text import Content, Reasoning, ToolCallDelta

    content: list[str] = []
    reasoning: list[str] = []
    calls: list[WrittenCall] = []
    finished = None
    try:
        for event in events:
            if isinstance(event, Prefill):
                view.prefill(event.done, event.total)
            elif isinstance(event, Reasoning):
                reasoning.append(event.text)
                view.reasoning(event.text)
            elif isinstance(event, Content):
                content.append(event.text)
                view.content(event.text)
            elif isinstance(event, ToolCallDelta):
                if event.index == len(calls):
                    calls.append(WrittenCall(event.id or "", event.name or ""))
                calls[event.index].arguments += event.arguments
            elif isinstance(event, Finished):
                finished = event
    finally:
        _close(events)
        view.close()
    return Answer("".join(content), "".join(reasoning), finished, tuple(calls))


def _close(events: Iterable[Event]) -> None:
    """Close the iterator, which cancels the request."""
    close = getattr(events, "close", None)
    if close is not None:
        close()


def until(stop: Interrupt, events: Iterable[Event]) -> Iterator[Event]:
    """Yield `events`, and stop early once `stop` was pressed."""
    try:
        for event in events:
            yield event
            if stop.pressed:
                return
    finally:
        _close(events)


class Interrupt(Protocol):
    """Tells whether a person has asked to stop."""

    @property
    def pressed(self) -> bool: ...


def stats_line(answer: Answer) -> str:
    """Return the speeds and token counts of one answer as readable text."""
    if answer.finished is None:
        return "No statistics: the answer was interrupted."
    usage, timings = answer.finished.usage, answer.finished.timings
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    thinking = f" ({usage.reasoning_tokens:,} thinking)" if usage.reasoning_tokens else ""
    return (
        f"prompt {usage.prompt_tokens:,} tokens{cached} at {timings.prefill_tps:,.1f}/s; "
        f"first token after {timings.ttft_s:.2f} s; "
        f"answer {usage.completion_tokens:,} tokens{thinking} at {timings.decode_tps:,.1f}/s; "
        f"{answer.finished.finish_reason}"
    )
