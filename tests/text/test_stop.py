from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.text.stop import StopMatcher
from tests.support.examples import examples

from .support import pieces


def cut(stop: list[str], parts: list[str]) -> tuple[str, str | None]:
    matcher = StopMatcher(stop)
    text = "".join(map(matcher.feed, parts)) + matcher.finish()
    return text, matcher.matched


def expected(stop: list[str], text: str) -> tuple[str, str | None]:
    for end in range(len(text) + 1):
        matches = [s for s in stop if text[:end].endswith(s)]
        if matches:
            longest = max(matches, key=len)
            return text[: end - len(longest)], longest
    return text, None


@settings(max_examples=examples(300))
@given(
    parts=pieces(["a", "b", "ab", "\n", "):", "é"]),
    stop=st.lists(st.text("ab\n:)", min_size=1, max_size=4), max_size=3),
)
def test_any_cut_gives_what_the_whole_text_says(parts: list[str], stop: list[str]) -> None:
    text = "".join(parts)
    assert cut(stop, parts) == expected(stop, text)
    assert cut(stop, [text]) == expected(stop, text)
    assert cut(stop, list(text)) == expected(stop, text)


@pytest.mark.parametrize(
    ("stop", "parts", "text", "matched"),
    [
        (["):"], ["def f(", "():", " pass"], "def f((", "):"),
        (["STOP"], ["ab S", "TO", "P more"], "ab ", "STOP"),
        (["STOP"], ["ab STO"], "ab STO", None),
        (["b", "abc"], ["abc"], "a", "b"),
        (["bc", "abc"], ["abc"], "", "abc"),
        (["x", "y"], ["1y2x"], "1", "y"),
        ([], ["anything"], "anything", None),
        (["\n\n"], ["a\n", "\nb"], "a", "\n\n"),
    ],
)
def test_examples(stop: list[str], parts: list[str], text: str, matched: str | None) -> None:
    assert cut(stop, parts) == (text, matched)


def test_only_what_may_still_match_is_held_back() -> None:
    matcher = StopMatcher(["<end>"])
    assert matcher.feed("text <e") == "text "
    assert matcher.feed("x") == "<ex"
    assert matcher.feed("<end>tail") == ""
    assert matcher.matched == "<end>"
    assert matcher.feed("after") == ""
    assert matcher.finish() == ""


@pytest.mark.parametrize("stop", ["text", [""], ["a", None]])
def test_bad_stop_strings(stop: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        StopMatcher(stop)
    assert caught.value.param == "stop"
