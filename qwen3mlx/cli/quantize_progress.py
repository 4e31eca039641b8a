"""How far a conversion is: a bar, a line now and then, or JSON lines for a program."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from .terminal import Terminal

if TYPE_CHECKING:
    from qwen3mlx_quantize.common import Progress

# Seconds between two lines where there is no terminal, and between two events.
SAY_EVERY, EVENT_EVERY = 10.0, 0.1


def progress_for(terminal: Terminal, events: bool) -> Events | Bar:
    return Events() if events else Bar(terminal)


class Events:
    """`{"done": 0.25, "doing": MODULE, "left_s": 12.0}`; `left_s` null while it is not known."""

    def __init__(self) -> None:
        self._started = self._said = 0.0

    def __enter__(self) -> Progress:
        self._started = time.monotonic()
        return self._show

    def __exit__(self, *_: object) -> None:
        pass

    def _show(self, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if now - self._said < EVENT_EVERY and done != total:
            return
        self._said = now
        left = (now - self._started) * (total - done) / done if done else None
        share = done / total if total else 1.0
        event = {"done": round(share, 4), "doing": name, "left_s": left and round(left, 1)}
        print(json.dumps(event), flush=True)


class Bar:
    """A bar with the time left at a terminal, a line now and then elsewhere."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bar: Any = None
        self._started = self._said = 0.0

    def __enter__(self) -> Progress:
        self._started = self._said = time.monotonic()
        if not self._terminal.stderr.isatty():
            return self._line
        from rich import progress as rich

        columns = (
            rich.TextColumn("{task.description}", markup=False),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.TimeRemainingColumn(compact=True),
        )
        self._bar = rich.Progress(*columns, console=self._terminal.console(self._terminal.stderr))
        self._bar.start()
        self._task = self._bar.add_task("", total=None)
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _show(self, done: int, total: int, name: str) -> None:
        self._bar.update(self._task, completed=done, total=total, description=name)

    def _line(self, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if done and name != "verifying" and now - self._said > SAY_EVERY:
            self._said = now
            left = (now - self._started) * (total - done) / done
            self._terminal.note(f"{100 * done // total}%: {name}, about {left:.0f} s left")
