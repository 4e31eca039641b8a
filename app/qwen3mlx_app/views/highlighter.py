"""Highlights code in a child process, which a thread waits for."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from weakref import WeakMethod

from PySide6.QtCore import QObject

from ..services.child import Child, child_command
from ..services.delivery import Delivery
from .colouring import may_be_coloured
from .markdown import Block

# The most results to keep; failures after which a language is no longer highlighted.
MAX_KEPT, MAX_FAILURES = 500, 3
# Seconds for a block, including the start of the child process.
PATIENCE = 10.0
_COLOURING = "qwen3mlx_app.views.colouring"


class Highlighter(QObject):
    """Keeps results, and tells whoever asked, if they still exist."""

    def __init__(
        self,
        program: Sequence[str],
        parent: QObject | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """`program` is the command that starts `qwen3mlx`."""
        super().__init__(parent)
        self._program = program
        self._style = "default"
        self._patience = patience
        self._known: OrderedDict[Block, list[str]] = OrderedDict()
        self._failures: Counter[str] = Counter()
        self._wanted: deque[Block] = deque()
        self._waiting: dict[Block, list[WeakMethod[Callable[[Block], None]]]] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ready = Delivery(self._keep)

    def set_style(self, style: str) -> None:
        """Use another Pygments style, and forget the results of the former."""
        self._style = style
        self._known.clear()
        self._waiting.clear()

    def lines(self, block: Block) -> list[str] | None:
        """Rich text for each line of the block, or None if there is none yet."""
        return self._known.get(block)

    def want(self, block: Block, then: Callable[[Block], None]) -> None:
        """Highlight the block and call the method `then` with it."""
        if block in self._known or not block.language or not may_be_coloured(block.source):
            return
        if self._failures[block.language] >= MAX_FAILURES:
            return
        self._waiting.setdefault(block, []).append(WeakMethod(then))
        with self._lock:
            if block not in self._wanted:
                self._wanted.append(block)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="colours", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        child = Child(child_command(self._program, _COLOURING), self._patience)
        try:
            while (block := self._next()) is not None:
                style = self._style
                question = {"source": block.source, "language": block.language, "style": style}
                lines = child.ask(question)
                self._ready.arrived.emit((block, style, lines))
        finally:
            child.close()

    def _next(self) -> Block | None:
        """The next block, or None, which ends the thread."""
        with self._lock:
            if not self._wanted:
                self._thread = None
                return None
            return self._wanted.popleft()

    def _keep(self, found: tuple[Block, str, list[str] | None]) -> None:
        block, style, lines = found
        if style != self._style:  # it was changed meanwhile
            return
        waiting = self._waiting.pop(block, ())
        if lines is None:
            self._failures[block.language or ""] += 1
            return
        self._known[block] = lines
        while len(self._known) > MAX_KEPT:
            self._known.popitem(last=False)
        for waiter in waiting:
            then = waiter()
            if then is not None:
                then(block)
