"""The tool calls of one step of an answer: what they do, and their results as messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from ..domain import AnswerStats, CallProgress, Message, Progress
from ..services.chat import CallNews

# What the model gets for a call that had no end.
STOPPED = "(The answer was stopped before this call had ended.)"
# Those of the server's outcomes with which something went wrong.
_FAILED = ("error", "invalid", "timeout")


class ToolRound:
    """`results` has a message for each call, one below the other, in the order of the calls."""

    def __init__(self, answer: Message) -> None:
        self.results: list[Message] = []
        self._progress: dict[str, CallProgress] = {}
        for call in answer.tool_calls:
            above = self.results[-1] if self.results else answer
            self.results.append(
                Message(
                    conversation_id=answer.conversation_id,
                    parent_id=above.id,
                    role="tool",
                    tool_call_id=call.id,
                    status="streaming",
                    created_at=time.time(),
                )
            )

    @property
    def is_over(self) -> bool:
        return all(result.status != "streaming" for result in self.results)

    @property
    def progress(self) -> Progress:
        return Progress(phase="tools", calls=dict(self._progress))

    def take(self, news: CallNews) -> Message | None:
        """Take news of a call; the result, if it has ended."""
        number = self._number(news.id)
        if number is None:
            return None
        if news.progress is not None:
            before = self._progress.get(news.id)
            goes_on = before is not None and before.state == news.progress.state
            since = before.since if before is not None and goes_on else news.progress.since
            self._progress[news.id] = replace(news.progress, since=since)
            return None
        self._progress.pop(news.id, None)
        self.results[number] = replace(
            self.results[number],
            content=news.text,
            status="failed" if news.status in _FAILED else "done",
            finish_reason=news.status,
            stats=AnswerStats(tool_s=news.seconds),
        )
        return self.results[number]

    def stop(self) -> Iterator[Message]:
        """End the calls that have no end; their results."""
        self._progress.clear()
        for number, result in enumerate(self.results):
            if result.status == "streaming":
                self.results[number] = replace(result, status="stopped", content=STOPPED)
                yield self.results[number]

    def _number(self, call_id: str) -> int | None:
        """Of a call that has not ended."""
        for number, result in enumerate(self.results):
            if result.tool_call_id == call_id and result.status == "streaming":
                return number
        return None
