from __future__ import annotations

from qwen3mlx.generate import ThinkingMeter
from qwen3mlx.thought import Thought

OPEN, CLOSE, WORD = 1, 2, 9
STOP = (7, 8, CLOSE)


def fed(meter: ThinkingMeter, ids: list[int]) -> list[list[int]]:
    return [list(meter.observe(i)) for i in ids]


def test_counts_what_lies_between_the_markers() -> None:
    meter = ThinkingMeter(Thought("auto", OPEN, CLOSE))
    fed(meter, [OPEN, WORD, WORD, CLOSE, WORD])
    assert meter.num_tokens == 2
    assert not meter.thought.is_inside


def test_a_marker_later_in_the_answer_opens_nothing() -> None:
    meter = ThinkingMeter(Thought("auto", OPEN, CLOSE), budget=1, early_stop_ids=STOP)
    assert fed(meter, [WORD, OPEN, WORD, WORD]) == [[], [], [], []]
    assert meter.num_tokens == 0


def test_a_thought_the_prompt_opened_counts_from_the_first_token() -> None:
    meter = ThinkingMeter(Thought("inside", None, CLOSE))
    fed(meter, [WORD, WORD, CLOSE])
    assert meter.num_tokens == 2


def test_the_budget_forces_the_sentence_once_and_at_the_right_token() -> None:
    meter = ThinkingMeter(Thought("auto", OPEN, CLOSE), budget=2, early_stop_ids=STOP)
    assert fed(meter, [OPEN, WORD, WORD]) == [[], [], list(STOP)]
    assert fed(meter, list(STOP)) == [[], [], []]
    assert not meter.thought.is_inside
    assert fed(meter, [OPEN, WORD, WORD, WORD]) == [[]] * 4


def test_a_thought_that_ends_in_time_is_left_alone() -> None:
    meter = ThinkingMeter(Thought("auto", OPEN, CLOSE), budget=2, early_stop_ids=STOP)
    assert fed(meter, [OPEN, WORD, CLOSE, WORD, WORD]) == [[]] * 5


def test_a_model_without_the_markers_has_no_thoughts() -> None:
    meter = ThinkingMeter(Thought("off", None, None), budget=0, early_stop_ids=STOP)
    assert fed(meter, [OPEN, WORD]) == [[], []]
