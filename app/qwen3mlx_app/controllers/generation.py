"""One running answer: shown at once, saved in pieces, never lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from ..domain import AnswerStats, Message, Progress, Status, ToolCall
from ..services.chat import (
    CallNews,
    CallPiece,
    Content,
    Counted,
    Delta,
    Ended,
    Prefill,
    Reasoning,
    Refused,
)
from ..services.endpoint import Endpoint
from ..services.http import Call, EndpointError
from ..services.store import Store, StoreError, Stores
from ..services.timers import single_shot
from .tool_round import ToolRound

# Milliseconds between updates of the views, and between saves.
SHOW_EVERY = 25
SAVE_EVERY = 500
# Milliseconds between updates of the time, also while no token comes.
TICK = 1000
# The fewest tokens of which a rate is told.
MIN_COUNTED = 5


class Generation(QObject):
    """`message` is the answer so far, and `progress` what it waits for or does.

    An answer that calls tools has several steps: `message` is that of the current one, and
    `added(messages)` tells of those that continue the conversation below it. `updated(message)` is
    emitted when one has changed, `ended` when the answer is over. While it runs, the message's
    `stats` have the tokens and the thinking time so far.

    `save_failed` says why it could not be saved; that is tried again, with what came since, also
    when the answer is over, and `settled("save")` tells when it worked. It deletes itself when all
    is saved.
    """

    added = Signal(object)
    updated = Signal(object)
    ended = Signal(object)
    save_failed = Signal(str)
    settled = Signal(str)

    def __init__(
        self, message: Message, endpoint: Endpoint, stores: Stores, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._endpoint = endpoint
        self._stores = stores
        self._call: Call | None = None
        self.is_over = False
        self._save_has_failed = False
        self._unsaved: dict[str, Message] = {}
        self._show = single_shot(self, SHOW_EVERY, self._flush)
        self._save = single_shot(self, SAVE_EVERY, self._save_piece)
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK)
        self._ticks.timeout.connect(self._flush)
        self._begin(message)

    def _begin(self, step: Message) -> None:
        """Begin with a step, or go on with it."""
        self.message = replace(step, status="streaming", error=None)
        self.progress = Progress(phase="queued")
        self._shown, self._saved = _Pending(), _Pending()
        self._calls: list[ToolCall] = list(step.tool_calls)
        self._num_calls_before = len(self._calls)
        self._round: ToolRound | None = None
        self._thinking_since: float | None = None
        self._before = step.stats or AnswerStats()
        self._thinking_s = (step.stats.thinking_s if step.stats else None) or 0.0
        self._is_counted = False
        self._counted = Counted(0, 0)
        self._first: tuple[float, int] | None = None
        self._store_message(self.message)

    @property
    def _store(self) -> Store:
        """It changes when a temporary conversation is kept."""
        return self._stores.of(self.message.conversation_id)

    def save(self) -> None:
        """Save now what has arrived."""
        self._flush()
        self._saved.clear()
        self._store_message(self.message)

    def wait(self, progress: Progress) -> None:
        """Tell what the answer waits for before it is started."""
        if not self.is_over:
            self.progress = progress
            self.updated.emit(self.message)

    def start(self, body: Mapping[str, Any]) -> None:
        if not self.is_over:
            self.wait(Progress(phase="queued"))
            self._ticks.start()
            self._call = self._endpoint.chat(
                body, on_delta=self._take, done=self._done, failed=self._failed
            )

    def stop(self) -> None:
        """Stop at once, and keep what has arrived."""
        self._end("stopped")

    def fail(self, reason: str) -> None:
        """End with an error, and keep what has arrived."""
        self._end("failed", error=reason)

    def _take(self, delta: Delta) -> None:
        if self._round is not None and isinstance(delta, Prefill | Reasoning | Content | CallPiece):
            self._next_step(self._round)
        match delta:
            case Prefill(done, total):
                self.wait(Progress(phase="prefill", done=done, total=total))
            case Counted():
                self._count(delta)
            case Reasoning(text):
                self._thinking_since = self._thinking_since or time.monotonic()
                self._grow(reasoning=text)
            case Content(text):
                self._stop_thinking()
                self._grow(content=text)
            case CallPiece():
                self._stop_thinking()
                self._take_call(delta)
            case Ended(reason, stats):
                self._stop_thinking()
                self._finish(reason, stats)
            case CallNews():
                self._take_news(delta)
            case Refused(message):
                self.fail(message)

    def _count(self, counted: Counted) -> None:
        self._counted = counted
        if counted.completion_tokens and self._first is None:
            self._first = time.monotonic(), counted.completion_tokens

    def _rate(self) -> float | None:
        """The tokens per second after the first ones."""
        if self._first is None:
            return None
        since, before = self._first
        num_tokens, seconds = self._counted.completion_tokens - before, time.monotonic() - since
        return num_tokens / seconds if num_tokens >= MIN_COUNTED and seconds > 0 else None

    def _running_stats(self) -> AnswerStats:
        """The tokens and the thinking time so far."""
        since = self._thinking_since
        thinking_s = self._thinking_s + (time.monotonic() - since if since is not None else 0)
        return self._with_before(
            AnswerStats(
                completion_tokens=self._counted.completion_tokens or None,
                reasoning_tokens=self._counted.reasoning_tokens or None,
                tokens_per_second=self._rate(),
                thinking_s=thinking_s or None,
            )
        )

    def _with_before(self, stats: AnswerStats) -> AnswerStats:
        """Of the whole answer, where this goes on with one that ended too early."""
        before = self._before
        return replace(
            stats,
            prompt_tokens=before.prompt_tokens or stats.prompt_tokens,
            cached_tokens=before.cached_tokens if before.prompt_tokens else stats.cached_tokens,
            completion_tokens=_sum(before.completion_tokens, stats.completion_tokens),
            reasoning_tokens=_sum(before.reasoning_tokens, stats.reasoning_tokens),
            ttft_s=before.ttft_s or stats.ttft_s,
        )

    def _grow(self, *, content: str = "", reasoning: str = "") -> None:
        if self.progress.phase != "writing":
            self.progress = Progress(phase="writing")
        for pending in (self._shown, self._saved):
            pending.content.append(content)
            pending.reasoning.append(reasoning)
        for timer in (self._show, self._save):
            if not timer.isActive():
                timer.start()

    def _take_call(self, piece: CallPiece) -> None:
        index = self._num_calls_before + piece.index
        if index >= len(self._calls):
            self._calls.append(ToolCall(id=piece.id, name=piece.name, arguments=""))
        known = self._calls[-1]
        self._calls[-1] = replace(known, arguments=known.arguments + piece.arguments)
        self._grow()

    def _begin_round(self) -> ToolRound:
        self._flush()
        self._round = ToolRound(self.message)
        for result in self._round.results:
            self._store_message(result)
        self.added.emit(self._round.results)
        return self._round

    def _take_news(self, news: CallNews) -> None:
        tools = self._round or self._begin_round()
        if (result := tools.take(news)) is not None:
            self._change(result)
        self.wait(tools.progress)

    def _change(self, message: Message) -> None:
        self._store_message(message)
        self.updated.emit(message)

    def _next_step(self, tools: ToolRound) -> None:
        """The calls of the step have ended, and the model goes on."""
        for result in tools.stop():  # which the server has not told of
            self._change(result)
        before = self.message = replace(self.message, status="done")
        self._change(before)
        parent_id = tools.results[-1].id if tools.results else before.id
        step = Message(
            conversation_id=before.conversation_id,
            parent_id=parent_id,
            role="assistant",
            model=before.model,
            created_at=time.time(),
        )
        self._begin(step)
        self.added.emit([self.message])

    def _stop_thinking(self) -> None:
        if self._thinking_since is not None:
            self._thinking_s += time.monotonic() - self._thinking_since
            self._thinking_since = None

    def _flush(self) -> None:
        """Move what has arrived into the message, and show it."""
        self._show.stop()
        if self.progress.phase == "writing" and not self._is_counted:
            stats = self._running_stats()
            self.message = replace(self.message, stats=stats)
            self.progress = Progress(phase="writing", tokens_per_second=stats.tokens_per_second)
        self.message = replace(
            self.message,
            content=self.message.content + self._shown.take_content(),
            reasoning=self.message.reasoning + self._shown.take_reasoning(),
            tool_calls=tuple(self._calls),
        )
        self.updated.emit(self.message)

    def _save_piece(self) -> None:
        if self._unsaved:
            self._write()
            return
        content, reasoning = "".join(self._saved.content), "".join(self._saved.reasoning)
        try:
            self._store.append(self.message.id, content=content, reasoning=reasoning)
        except StoreError as error:
            self._try_later(error)
            return
        self._saved.clear()
        self._on_saved()

    def _finish(self, reason: str, stats: AnswerStats) -> None:
        self._is_counted = True
        stats = self._with_before(replace(stats, thinking_s=self._thinking_s or None))
        self.message = replace(self.message, finish_reason=reason, stats=stats)

    def _done(self) -> None:
        self._end("done")

    def _failed(self, error: EndpointError) -> None:
        self._end("failed", error=str(error))

    def _end(self, status: Status, *, error: str | None = None) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self._call is not None:
            self._call.abort()
        self._stop_thinking()
        self._ticks.stop()
        self._save.stop()
        self._flush()
        if len(self._calls) > self._num_calls_before:
            for result in (self._round or self._begin_round()).stop():
                self._change(result)
        self.message = replace(self.message, status=status, error=error)
        self._change(self.message)
        self.ended.emit(self.message)

    def _store_message(self, message: Message) -> None:
        self._unsaved[message.id] = message
        self._write()

    def _write(self) -> None:
        try:
            for message in list(self._unsaved.values()):
                self._store.save_message(message)
                del self._unsaved[message.id]
        except StoreError as error:
            self._try_later(error)
            return
        self._on_saved()
        if self.is_over:
            self.deleteLater()

    def _on_saved(self) -> None:
        if self._save_has_failed:
            self._save_has_failed = False
            self.settled.emit("save")

    def _try_later(self, error: StoreError) -> None:
        if not self._save_has_failed:
            self._save_has_failed = True
            self.save_failed.emit(str(error))
        self._save.start()


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 0) + (second or 0)


class _Pending:
    """Text that has arrived but is not yet shown or saved."""

    def __init__(self) -> None:
        self.content: list[str] = []
        self.reasoning: list[str] = []

    def take_content(self) -> str:
        text = "".join(self.content)
        self.content.clear()
        return text

    def take_reasoning(self) -> str:
        text = "".join(self.reasoning)
        self.reasoning.clear()
        return text

    def clear(self) -> None:
        self.content.clear()
        self.reasoning.clear()
