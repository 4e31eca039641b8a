"""Locating the first fault of a finished value."""

from __future__ import annotations

import pytest

from qwen3mlx.grammar.answer_check import AnswerCheck

SCHEMA = {
    "type": "object",
    "propertyNames": {"maxLength": 3},
    "properties": {
        "u": {"uniqueItems": True},
        "c": {"contains": {"const": 3}},
        "p": {"pattern": "^(?!a)"},
        "n": {"not": {"const": 5}},
    },
}
WRONG = [
    ('{"u": [1,2, 1', ' ,5],"c":[1]}', "uniqueItems"),
    ('{"u": [{"a":1},{"a":1.0}', "]}", "uniqueItems"),
    ('{"u": [1, true], "c":[1,2 ]', " }", "contains"),
    ('{"p" :"a\\"}b"', "}", "pattern"),
    ('{"longer"', ":1}", "propertyNames"),
    ('{\n  "n": 5', "\n}", "not"),
    ('{"o": {"a": 1, "b": 1, "a"', ': 2}, "longer": 1}', "properties"),
    ('{"p": "b", "\\u0070"', ': "b"}', "properties"),
]


@pytest.mark.parametrize("is_call", [False, True])
@pytest.mark.parametrize(("until", "rest", "keyword"), WRONG)
def test_the_first_wrong_part_is_found(until: str, rest: str, keyword: str, is_call: bool) -> None:
    check = AnswerCheck(SCHEMA, {"f": SCHEMA})
    head, tail = ('\n{"name": "f", "arguments": ', "}\n") if is_call else ("", "")
    fault = check.fault(head + until + rest + tail, is_call=is_call)
    assert fault is not None
    _, end, part = fault
    assert (head + until + rest + tail)[:end] == head + until
    assert keyword in part


@pytest.mark.parametrize(
    "text",
    ["{}", '{"u": [1, true], "c": [3], "p": "b", "n": 5.5}', '{"o": [{"a": {"a": 1}}, {"a": 2}]}'],
)
def test_right_values_have_none(text: str) -> None:
    assert AnswerCheck(SCHEMA).fault(text, is_call=False) is None


def test_what_has_no_schema_is_not_checked() -> None:
    call = '\n{"name": "g", "arguments": {"longer": 1}}\n'
    assert AnswerCheck(SCHEMA, {"f": SCHEMA}).fault(call, is_call=True) is None
    assert AnswerCheck(None, {"f": SCHEMA}).fault('{"longer": 1}', is_call=False) is None
    assert not AnswerCheck(SCHEMA).covers(is_call=True)
