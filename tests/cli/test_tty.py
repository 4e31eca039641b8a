"""The chat in a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator

import pytest

from .conftest import COMMAND

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[=>78])")
PROMPT = ">>>"
# The pseudo-terminal must be the controlling one for Ctrl-C to become a signal.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Screen:
    """A terminal's screen, as one growing text, and its keyboard."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._process = subprocess.Popen(
            [COMMAND[0], "-c", _TAKE_TERMINAL, *COMMAND, *arguments],
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
            start_new_session=True,
        )
        os.close(child)
        self.raw = b""
        self._seen = 0

    def expect(self, text: str, timeout: float = 20) -> str:
        """Wait for `text`; return the new output without colors and cursor movements."""
        deadline = time.monotonic() + timeout
        while True:
            fresh = self._fresh()
            if text in fresh:
                self._seen = len(self.raw)
                return fresh
            if not self._read(deadline):
                raise AssertionError(f"{text!r} did not come; the screen has {fresh[-2000:]!r}")

    def expect_raw(self, data: bytes) -> None:
        """Wait until the terminal is sent `data`."""
        deadline = time.monotonic() + 40
        while data not in self.raw[self._seen :]:
            assert self._read(deadline), f"{data!r} did not come"

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def exit_code(self) -> int:
        deadline = time.monotonic() + 40
        while self._read(deadline):
            pass
        return self._process.wait(timeout=40)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._fd)

    def _fresh(self) -> str:
        return _ANSI.sub("", self.raw[self._seen :].decode(errors="replace"))

    def _read(self, deadline: float) -> bool:
        if not select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux: the child has closed its side
            return False
        self.raw += data
        if b"\x1b[6n" in data:  # prompt_toolkit asks where the cursor is
            os.write(self._fd, b"\x1b[1;1R")
        return bool(data)


@pytest.fixture
def chat(endless_model: str, environment: dict[str, str]) -> Iterator[Screen]:
    screen = Screen(["run", endless_model, "--no-think"], environment)
    yield screen
    screen.close()


def test_a_chat(chat: Screen) -> None:
    first = chat.expect(PROMPT)
    assert "K parameters, bfloat16, context 4,096 tokens, thinking off" in first
    chat.type("/set max_tokens 5\r")
    chat.expect("Set: max_tokens 5.")
    chat.expect(PROMPT)
    chat.type("hello\r")
    chat.expect("The answer was cut off")
    chat.expect(PROMPT)
    chat.type("/stats\r")
    chat.expect("answer 5 tokens")
    chat.type("/bu\t")
    chat.expect("dget")
    chat.type("\r")
    chat.expect("The thinking budget is off.")
    chat.type("/exit\r")
    assert chat.exit_code() == 0


def test_ctrl_c_stops_the_answer_and_the_prompt_comes_back(chat: Screen) -> None:
    chat.expect(PROMPT)
    chat.type("tell me everything\r")
    chat.expect_raw(b"\x1b[?7l\x1b[?25l")  # the answer is being drawn
    chat.type("\x03")
    chat.expect("Stopped.")
    chat.expect(PROMPT)
    chat.type("\x03")
    chat.expect("Press Ctrl-D or type /exit to leave.")
    chat.expect(PROMPT)
    chat.type("\x04")
    assert chat.exit_code() == 0


def test_the_next_chat_remembers_what_was_typed(
    endless_model: str, environment: dict[str, str]
) -> None:
    for keys, shown in [("/budget 77\r", "77"), ("\x1b[A\x1b[A\r", "budget: 77")]:
        screen = Screen(["run", endless_model], environment)
        try:
            screen.expect(PROMPT)
            screen.type(keys)
            screen.expect(shown)
            screen.type("/exit\r")
            assert screen.exit_code() == 0
        finally:
            screen.close()


def test_a_terminal_is_asked_before_a_download_and_may_refuse(environment: dict[str, str]) -> None:
    screen = Screen(["run", "qwen3:0.6b-4bit", "hi"], environment | {"HF_HUB_OFFLINE": "0"})
    try:
        screen.expect("Download Qwen/Qwen3-0.6B-MLX-4bit (about 0.3 GB)? [Y/n]")
        screen.type("n\r")
        screen.expect("`qwen3mlx pull qwen3:0.6b-4bit`")
        assert screen.exit_code() == 1
    finally:
        screen.close()


def test_ctrl_c_at_the_question_leaves_with_130(environment: dict[str, str]) -> None:
    screen = Screen(["run", "qwen3:0.6b", "hi"], environment | {"HF_HUB_OFFLINE": "0"})
    try:
        screen.expect("[Y/n]")
        screen.type("\x03")
        assert screen.exit_code() == 128 + signal.SIGINT
    finally:
        screen.close()
