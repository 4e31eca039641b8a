from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.thought import ReasoningStart, Thought

OPEN, CLOSE, WORD = 1, 2, 3
IDS = st.lists(st.sampled_from((OPEN, CLOSE, WORD)), max_size=12)
STARTS = st.sampled_from(("auto", "inside", "off"))


@given(STARTS, IDS)
def test_a_thought_opens_with_the_first_piece_and_ends_with_the_first_closing(
    start: ReasoningStart, ids: list[int]
) -> None:
    thought = Thought(start, OPEN, CLOSE)
    inside, markers = [], []
    for token_id in ids:
        markers.append(thought.observe(token_id))
        inside.append(thought.is_inside)
    is_opened = start == "auto" and ids[:1] == [OPEN]
    begin = 0 if start == "inside" else 1
    has_thought = start == "inside" or is_opened
    end = ids.index(CLOSE, begin) if has_thought and CLOSE in ids[begin:] else len(ids)
    expected = [has_thought and place < end for place in range(len(ids))]
    assert inside == expected
    assert [i for i, is_marker in enumerate(markers) if is_marker] == [
        *([0] if is_opened else []),
        *([end] if has_thought and end < len(ids) else []),
    ]


@given(STARTS, IDS)
def test_without_a_closing_there_is_no_thought(start: ReasoningStart, ids: list[int]) -> None:
    thought = Thought(start, OPEN, None)
    assert not any(map(thought.observe, ids))
    assert not thought.is_inside
