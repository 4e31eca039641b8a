from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.cli.display import one_line, visible, without_surrogates


def test_escape_sequences_are_shown_and_not_obeyed() -> None:
    assert visible("\x1b[31mred\x07\x9b2J\x7f") == "␛[31mred␇\ufffd2J␡"


def test_ordinary_text_stays() -> None:
    text = "a\tb\nc é 你好 👩‍👩‍👧 ไทย"
    assert visible(text) == text
    assert visible("a\r\nb") == "a\nb"


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert not any(c < " " and c not in "\t\n" for c in shown)
    assert not any("\x7f" <= c < "\xa0" for c in shown)


@given(st.text(), st.text())
def test_it_works_piece_by_piece(first: str, second: str) -> None:
    assert visible(first) + visible(second) == visible(first + second)


def test_one_line() -> None:
    assert one_line("  a\n\n b\x1b ") == "a b␛"


def test_surrogates_become_the_replacement_character() -> None:
    assert without_surrogates("a\udc80b\ud800") == "a\ufffdb\ufffd"
