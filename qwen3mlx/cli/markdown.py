"""The terminal view: dimmed thinking, and the answer rendered as markdown while it streams."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment, Segments
from rich.text import Text

from .blocks import BlockSplitter, tail
from .display import visible
from .wrap import Wrapper

REDRAW_EVERY = 0.08  # seconds
SHOW_PREFILL_AFTER = 1.0
_DIM = "dim"
# While the live region is drawn, lines must not wrap: terminals and rich disagree on the width of
# some characters, and one row more than expected would remain when the region is erased.
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"


class MarkdownView:
    """Prints finished blocks once and lets them scroll away; redraws only a bounded remainder."""

    def __init__(
        self,
        console: Console,
        thinking_console: Console,
        *,
        hide_thinking: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._thinking_console = thinking_console
        self._hide_thinking = hide_thinking
        self._clock = clock
        self._started = clock()
        self._drawn_at = 0.0
        self._live: Live | None = None
        self._splitter = BlockSplitter()
        self._wrapper = Wrapper(thinking_console.width)
        self._thinking_open = False

    def prefill(self, done: int, total: int) -> None:
        if done < total and self._clock() - self._started > SHOW_PREFILL_AFTER:
            percent = 100 * done // total
            self._draw(
                Text(f"Processing the prompt: {done:,} of {total:,} tokens, {percent}%", _DIM)
            )

    def reasoning(self, text: str) -> None:
        if self._hide_thinking:
            self._draw(Text("Thinking ...", _DIM))
            return
        self._erase()
        self._thinking_open = True
        self._print_thinking(self._wrapper.feed(visible(text)))

    def content(self, text: str) -> None:
        self._end_thinking()
        for block in self._splitter.feed(visible(text)):
            self._erase()
            self._print(block)
        if self._splitter.rest.strip():
            lines = max(self._console.height - 4, 4)
            self._draw(lambda: _rendered(tail(self._splitter.rest, lines)))

    def close(self) -> None:
        self._end_thinking()
        self._erase()
        if self._splitter.rest.strip():
            self._print(self._splitter.rest)

    def _end_thinking(self) -> None:
        if self._thinking_open:
            self._print_thinking(self._wrapper.flush() + "\n\n")
            self._thinking_open = False

    def _print_thinking(self, text: str) -> None:
        self._thinking_console.print(Text(text, _DIM), end="", soft_wrap=True)

    def _print(self, block: str) -> None:
        """Print permanently: the text scrolls away and is never redrawn."""
        lines = self._console.render_lines(_rendered(block), pad=False, new_lines=True)
        shown = (part for line in _without_empty_ends(lines) for part in line)
        self._console.print(Segments(shown), end="")
        self._console.print()

    def _draw(self, renderable: Text | Callable[[], RenderableType]) -> None:
        now = self._clock()
        if self._live is not None and now - self._drawn_at < REDRAW_EVERY:
            return
        self._drawn_at = now
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
                vertical_overflow="crop",
            )
            self._console.file.write(_NO_WRAP)
            self._live.start()
        shown = renderable if isinstance(renderable, Text) else renderable()
        self._live.update(shown, refresh=True)

    def _erase(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._console.file.write(_WRAP)
            self._console.file.flush()
            self._live = None


def _rendered(text: str) -> Markdown:
    """Render without terminal hyperlinks, so that a link shows its target."""
    return Markdown(text, hyperlinks=False)


def _without_empty_ends(lines: list[list[Segment]]) -> list[list[Segment]]:
    """Strip the empty lines that rich puts around some blocks but not others."""
    filled = [i for i, line in enumerate(lines) if any(part.text.strip() for part in line)]
    return lines[filled[0] : filled[-1] + 1] if filled else []
