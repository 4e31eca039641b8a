"""Colours for code, found on a thread of their own: a language's first use takes 0.2 s."""

from __future__ import annotations

import html
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from weakref import WeakMethod

from PySide6.QtCore import QObject, Signal

from .markdown import Block

# Blocks whose colours are kept, and the size from which none are looked for.
MAX_KEPT = 500
MAX_CHARACTERS = 40_000


class Highlighter(QObject):
    """What is found is kept; whoever wanted it is told, if they are still there."""

    _ready = Signal(object, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._style = "default"
        self._known: OrderedDict[Block, str] = OrderedDict()
        self._wanted: deque[Block] = deque()
        self._waiting: dict[Block, list[WeakMethod[Callable[[Block], None]]]] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ready.connect(self._keep)

    def set_style(self, style: str) -> None:
        """Colours of Pygments' `style` from now on; those of the one before are forgotten."""
        self._style = style
        self._known.clear()
        self._waiting.clear()

    def rich_text(self, block: Block) -> str | None:
        """None where it is not known yet."""
        return self._known.get(block)

    def want(self, block: Block, then: Callable[[Block], None]) -> None:
        """`then`, a method, is called with the block when its colours are known."""
        if block in self._known or len(block.source) > MAX_CHARACTERS:
            return
        self._waiting.setdefault(block, []).append(WeakMethod(then))
        with self._lock:
            if block not in self._wanted:
                self._wanted.append(block)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="colours", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                block = self._wanted.popleft()
            style = self._style
            self._ready.emit(block, style, highlighted(block, style))

    def _keep(self, block: Block, style: str, text: str) -> None:
        if style != self._style:  # it was changed meanwhile
            return
        self._known[block] = text
        while len(self._known) > MAX_KEPT:
            self._known.popitem(last=False)
        for waiting in self._waiting.pop(block, ()):
            then = waiting()
            if then is not None:
                then(block)


def plain(block: Block) -> str:
    return f"<pre>{html.escape(block.source)}</pre>"


def highlighted(block: Block, style: str) -> str:
    """Rich text with the colours of Pygments' `style`; without any for no language it knows."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(block.language or "text")
    except ClassNotFound:
        return plain(block)
    formatter = HtmlFormatter(noclasses=True, nowrap=True, style=style)
    return f"<pre>{highlight(block.source, lexer, formatter)}</pre>"
