"""A few letters find what was meant."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.services.fuzzy import FIRST, HIT, NEXT, WORD, ranked, score

titles = st.text(alphabet="ab -", max_size=9)


def plainly(query: str, title: str) -> int | None:
    """The same by trying every way to find the letters."""
    letters = query.replace(" ", "")
    best: int | None = None
    for places in combinations(range(len(title)), len(letters)):
        if [title[place] for place in places] != list(letters):
            continue
        worth = 0
        for number, place in enumerate(places):
            at_start = place == 0 or not title[place - 1].isalnum()
            alone = (WORD if at_start else 0) + (FIRST if place == 0 else 0)
            follows = number > 0 and places[number - 1] == place - 1
            worth += HIT + (max(alone, NEXT) if follows else alone)
        best = worth if best is None or worth > best else best
    return best


@given(st.text(alphabet="ab ", max_size=4), titles)
def test_the_best_way_to_find_the_letters_counts(query: str, title: str) -> None:
    assert score(query, title) == plainly(query, title)


def test_case_does_not_matter_and_initials_go_before_the_middle_of_words() -> None:
    commands = ["Find", "New Folder", "Unfold", "Export…"]
    assert ranked("NF", commands, str, 9)[0] == "New Folder"
    assert ranked("zz", commands, str, 9) == []
    assert ranked("  ", commands, str, 2) == ["Find", "New Folder"]


def test_of_equals_the_shorter_goes_first() -> None:
    assert ranked("set", ["Conversation settings", "Settings"], str, 9)[0] == "Settings"
