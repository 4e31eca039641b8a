from __future__ import annotations

import pytest

from qwen3mlx.cli.answer import collect
from qwen3mlx.cli.plain import PlainView
from qwen3mlx.text import Content, Reasoning

from .support import ANSWER, Script, fake_terminal, printed


def test_the_answer_alone_goes_to_stdout() -> None:
    terminal = fake_terminal()
    collect(Script(ANSWER), PlainView(terminal, hide_thinking=False))
    assert printed(terminal.stdout) == "Hi there\n"
    assert printed(terminal.stderr) == "hm\n\n"


def test_hidden_thinking_is_nowhere() -> None:
    terminal = fake_terminal()
    collect(Script(ANSWER), PlainView(terminal, hide_thinking=True))
    assert printed(terminal.stderr) == ""


@pytest.mark.parametrize(("answer", "out"), [("x\n", "x\n"), ("x", "x\n"), ("", "")])
def test_the_last_line_is_ended_once(answer: str, out: str) -> None:
    terminal = fake_terminal()
    view = PlainView(terminal, hide_thinking=False)
    if answer:
        view.content(answer)
    view.close()
    assert printed(terminal.stdout) == out


def test_thinking_cut_short_ends_its_line() -> None:
    terminal = fake_terminal()
    collect(Script([Reasoning("wait")]), PlainView(terminal, hide_thinking=False))
    assert printed(terminal.stderr) == "wait\n"


@pytest.mark.parametrize(("tty", "shown"), [(True, "␛[2J\n"), (False, "\x1b[2J\n")])
def test_control_characters_pass_into_a_pipe_only(tty: bool, shown: str) -> None:
    terminal = fake_terminal(tty=tty)
    collect(Script([Content("\x1b[2J")]), PlainView(terminal, hide_thinking=False))
    assert printed(terminal.stdout) == shown
