from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from qwen3mlx.cli import terminal as module
from qwen3mlx.cli.request import full_prompt
from qwen3mlx.cli.terminal import Terminal

from .support import Stream, fake_terminal, printed


@pytest.fixture
def pipe() -> Iterator[tuple[Terminal, TextIO]]:
    """A terminal whose stdin is a pipe, and the other end of it."""
    read, write = os.pipe()
    with os.fdopen(read, encoding="utf-8") as stdin, os.fdopen(write, "w", encoding="utf-8") as end:
        yield Terminal(stdin, Stream(), Stream()), end


def test_piped_text_is_the_prompt(pipe: tuple[Terminal, TextIO]) -> None:
    terminal, end = pipe
    end.write("piped\n")
    end.close()
    assert full_prompt(None, terminal) == "piped\n"


def test_piped_text_follows_the_prompt(pipe: tuple[Terminal, TextIO]) -> None:
    terminal, end = pipe
    end.write("text")
    end.close()
    assert full_prompt("sum up", terminal) == "sum up\n\ntext"


def test_an_empty_pipe_adds_nothing(pipe: tuple[Terminal, TextIO]) -> None:
    terminal, end = pipe
    end.close()
    assert full_prompt("sum up", terminal) == "sum up"


def test_bytes_that_are_not_text_and_a_byte_order_mark_and_nul(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\xef\xbb\xbfa\xff\x00b")
    with (tmp_path / "in").open(encoding="utf-8") as stdin:
        assert full_prompt(None, Terminal(stdin, Stream(), Stream())) == "a\ufffd\x00b"


def test_a_pipe_that_a_parent_left_open_does_not_hang_an_answer(
    pipe: tuple[Terminal, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NOTE_AFTER", 0.01)
    monkeypatch.setattr(module, "GIVE_UP_AFTER", 0.01)
    terminal, _ = pipe
    assert full_prompt("hello", terminal) == "hello"
    assert "Nothing arrived on stdin" in printed(terminal.stderr)


def test_the_null_device_is_not_piped_text() -> None:
    with open(os.devnull, encoding="utf-8") as stdin:
        assert Terminal(stdin, Stream(), Stream()).piped_text(optional=False) is None


def test_a_closed_stdin_is_not_piped_text() -> None:
    assert fake_terminal().piped_text(optional=False) is None


@pytest.mark.parametrize(
    ("typed", "yes"),
    [("\n", True), ("y\n", True), ("Yes\n", True), ("n\n", False), ("No\n", False), ("", False)],
)
def test_ask(typed: str, yes: bool) -> None:
    terminal = fake_terminal(tty=True, typed=typed)
    assert terminal.ask("Really?") is yes
    assert printed(terminal.stderr) == "Really? [Y/n] "


def test_standard_is_the_process_s_own() -> None:
    assert Terminal.standard().stdout is sys.stdout
