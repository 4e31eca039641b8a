from __future__ import annotations

import io
import re

from rich.console import Console

from qwen3mlx.cli.markdown import MarkdownView

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def console(*, tty: bool = True) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=tty, width=60, height=12, color_system="standard"
    )


def shown(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


def view(out: Console, err: Console | None = None, **options: bool) -> tuple[MarkdownView, Clock]:
    clock = Clock()
    return MarkdownView(out, err or out, clock=clock, **options), clock


def test_markdown_is_rendered_and_finished_blocks_are_printed_once() -> None:
    out = console(tty=False)
    screen, _ = view(out)
    for piece in ("# Ti", "tle\n\nsome **bo", "ld** text\n\n- one\n- two\n"):
        screen.content(piece)
    screen.close()
    lines = [line.strip() for line in _ANSI.sub("", shown(out)).splitlines()]
    assert [line for line in lines if line] == ["Title", "some bold text", "• one", "• two"]


def test_the_rest_is_drawn_again_only_so_often() -> None:
    out = console()
    screen, clock = view(out)
    screen.content("a")
    drawn = len(shown(out))
    for _ in range(100):
        screen.content("b")
    assert len(shown(out)) == drawn
    clock.now = 1.0
    screen.content("c")
    assert len(shown(out)) > drawn


def test_a_long_code_block_is_drawn_bounded_and_printed_whole() -> None:
    out = console()
    screen, clock = view(out)
    screen.content("```\n")
    for i in range(40):
        clock.now += 1
        screen.content(f"line {i}\n")
    frame = shown(out).rpartition("line 30")[2]
    assert frame.count("\n") < 12 * 10
    screen.close()
    final = _ANSI.sub("", shown(out).rpartition("\x1b[?7h")[2])
    assert [int(n) for n in re.findall(r"line (\d+)", final)] == list(range(40))


def test_wrapping_is_off_only_while_the_live_region_is_drawn() -> None:
    out = console()
    screen, _ = view(out)
    screen.content("text")
    screen.close()
    off, on = "\x1b[?7l", "\x1b[?7h"
    text = shown(out)
    assert text.count(off) == text.count(on) == 1
    assert text.index(off) < text.index(on) < text.rindex("text")


def test_thinking_is_dim_and_never_markup_or_markdown() -> None:
    out = console()
    screen, _ = view(out)
    screen.reasoning("[red]*not* bold\x1b[2J")
    screen.content("yes")
    screen.close()
    assert "\x1b[2m[red]*not* " in shown(out)
    assert "[red]*not* bold␛[2J\n\n" in _ANSI.sub("", shown(out))


def test_thinking_may_go_to_another_console_or_nowhere() -> None:
    out, err = console(), console()
    screen, _ = view(out, err)
    screen.reasoning("hm")
    screen.close()
    assert "hm" in shown(err)
    assert "hm" not in shown(out)
    out = console()
    screen, _ = view(out, hide_thinking=True)
    screen.reasoning("hm")
    screen.content("yes")
    screen.close()
    assert "hm" not in shown(out)
    assert "Thinking ..." in shown(out)


def test_the_prompt_s_progress_shows_only_when_it_takes_long() -> None:
    out = console()
    screen, clock = view(out)
    screen.prefill(0, 9000)
    screen.prefill(512, 9000)
    assert shown(out) == ""
    clock.now = 1.5
    screen.prefill(4500, 9000)
    assert "Processing the prompt: 4,500 of 9,000 tokens, 50%" in shown(out)
    clock.now = 3
    before = len(shown(out))
    screen.prefill(9000, 9000)
    assert len(shown(out)) == before
    screen.close()


def test_a_link_shows_where_it_leads() -> None:
    out = console()
    screen, _ = view(out)
    screen.content("[bank](https://evil.example)")
    screen.close()
    assert "https://evil.example" in _ANSI.sub("", shown(out))
    assert "\x1b]8" not in shown(out)
