from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from qwen3mlx.cli.line_editor import LineEditor

ALT_ENTER = "\x1b\r"


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as source:
        yield source


@pytest.fixture
def editor(tmp_path: Path, keys: PipeInput) -> LineEditor:
    return LineEditor(tmp_path / "home" / "history", source=keys, output=DummyOutput())


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("hello\r", "hello"),
        (f"one{ALT_ENTER}two\r", "one\ntwo"),
        ('"""\rone\r\rtwo\r"""\r', '"""\none\n\ntwo\n"""'),
        ('"""one"""\r', '"""one"""'),
        ("\x1b[200~pasted\nlines\n\x1b[201~\r", "pasted\nlines\n"),
        ("你好 👩‍👩‍👧\r", "你好 👩‍👩‍👧"),
    ],
)
def test_what_is_typed_is_the_message(
    editor: LineEditor, keys: PipeInput, typed: str, message: str
) -> None:
    keys.send_text(typed)
    assert editor.read() == message


def test_ctrl_c_and_ctrl_d(editor: LineEditor, keys: PipeInput) -> None:
    keys.send_text("half\x03")
    with pytest.raises(KeyboardInterrupt):
        editor.read()
    keys.send_text("\x04")
    with pytest.raises(EOFError):
        editor.read()


def test_history_outlives_the_session_and_is_private(
    editor: LineEditor, keys: PipeInput, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "history"
    keys.send_text("first\r")
    editor.read()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    later = LineEditor(path, source=keys, output=DummyOutput())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys.send_text("\x1b[A\r")
    assert later.read() == "first"


def test_without_a_writable_home_there_is_still_a_prompt(tmp_path: Path, keys: PipeInput) -> None:
    (tmp_path / "file").touch()
    editor = LineEditor(tmp_path / "file" / "history", source=keys, output=DummyOutput())
    keys.send_text("hello\r")
    assert editor.read() == "hello"


def test_bytes_that_are_not_text(editor: LineEditor, keys: PipeInput) -> None:
    keys.send_bytes(b"a\xffb\r")
    assert editor.read() == "a\ufffdb"
