"""The progress of a conversion or an evaluation: a bar, occasional lines, or JSON for a program."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ..errors import Qwen3MLXError
from .display import one_line
from .terminal import Terminal

if TYPE_CHECKING:
    from qwen3mlx_quantize import Event, OnEvent, Progress

# Seconds between two lines without a terminal, and between two JSON events.
LINE_EVERY, EVENT_EVERY = 10.0, 0.1


def progress_for(terminal: Terminal, events: bool) -> JobProgress:
    if events:
        return JsonLines(terminal)
    return Bar(terminal) if terminal.stderr.isatty() else Lines(terminal)


class JobProgress(ABC):
    """A context manager for the `on_event` of a job; warnings are notes on stderr."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._phase = ""
        # When each phase began, and how much was done then: phases may take turns.
        self._begun: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> OnEvent:
        return self._on_event

    def __exit__(self, *_: object) -> None:  # noqa: B027 - only a bar has something to stop
        pass

    def _on_event(self, event: Event) -> None:
        from qwen3mlx_quantize import JobWarning

        if isinstance(event, JobWarning):
            self._terminal.note(event.message)
            return
        is_new, self._phase = event.phase != self._phase, event.phase
        self._begun.setdefault(event.phase, (time.monotonic(), event.done))
        self._show(event, is_new)

    def _seconds_left(self, event: Progress) -> float | None:
        """Estimate from the phase's average speed; None at its start."""
        started, first = self._begun[event.phase]
        if event.done <= first:
            return None
        return (time.monotonic() - started) * (event.total - event.done) / (event.done - first)

    @abstractmethod
    def _show(self, event: Progress, is_new_phase: bool) -> None: ...


class JsonLines(JobProgress):
    """`{"phase": "converting", "done": 0.25, "doing": MODULE, "left_s": 12.0}`.

    `done` is a share of the phase; `left_s` is null at its start. A failure is
    `{"error": {"code": CODE, "message": SENTENCE}}`.
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._printed = 0.0

    def __exit__(self, *raised: object) -> None:
        error = raised[1]
        if isinstance(error, Qwen3MLXError):
            told = {"code": error.code, "message": str(error)}
            print(json.dumps({"error": told}), flush=True)

    def _show(self, event: Progress, is_new_phase: bool) -> None:
        now = time.monotonic()
        if now - self._printed < EVENT_EVERY and event.done != event.total and not is_new_phase:
            return
        self._printed = now
        left = self._seconds_left(event)
        line = {
            "phase": event.phase,
            "done": round(event.done / event.total, 4) if event.total else 1.0,
            "doing": event.item,
            "left_s": None if left is None else round(left, 1),
        }
        print(json.dumps(line), flush=True)


class Lines(JobProgress):
    """A line now and then, for phases that take a while."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._printed = time.monotonic()

    def _show(self, event: Progress, is_new_phase: bool) -> None:
        now, left = time.monotonic(), self._seconds_left(event)
        if left is not None and now - self._printed > LINE_EVERY:
            self._printed = now
            percent = 100 * event.done // event.total
            self._terminal.note(f"{_title(event)}: {percent}%, about {left:.0f} s left")


class Bar(JobProgress):
    """A bar with the time left, at a terminal."""

    def __enter__(self) -> OnEvent:
        from rich import progress as rich

        columns = (
            rich.TextColumn("{task.description}", markup=False),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.TimeRemainingColumn(compact=True),
        )
        self._bar: Any = rich.Progress(
            *columns, console=self._terminal.console(self._terminal.stderr)
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=None)
        return self._on_event

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _show(self, event: Progress, is_new_phase: bool) -> None:
        if is_new_phase:
            self._bar.reset(self._task)
        self._bar.update(
            self._task, completed=event.done, total=event.total, description=_title(event)
        )


def _title(event: Progress) -> str:
    """`Converting model.layers.0.mlp.down_proj`."""
    return one_line(f"{event.phase.capitalize()} {event.item}".rstrip())
