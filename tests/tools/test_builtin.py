"""The built-in tools: right answers, and a bound for every question."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.tools.builtin import built_in_tools
from qwen3mlx.tools.builtin.calculator import calculate
from qwen3mlx.tools.builtin.clock import now
from qwen3mlx.tools.builtin.made import ToolFault


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("17 * 23", "391"),
        ("(1 + 2) ** 10 / 4", "14762.25"),
        ("sqrt(2) * pi", "4.442882938158366"),
        ("2 ** -3", "0.125"),
        ("7 // 2 + -7 % 3", "5"),
        ("max(1, 2) < 3", "True"),
        ("1 +\n1", "2"),
    ],
)
def test_the_calculator_calculates(expression: str, value: str) -> None:
    assert calculate({"expression": expression}) == value


@pytest.mark.parametrize(
    "expression",
    [
        *("9**9**9", "10**4000", "factorial(10**9)", "'a'*10**9", "[1]*9", "(-8)**0.5", "1/0"),
        *("__import__('os')", "(1).__class__", "lambda: 1", "1; 2", "", "x", "1 +", "pi.__doc__"),
        *("(" * 120 + ")" * 120, "-" * 249 + "a", "1" * 251, "f'{1:>1000000}'", "[x for x in 'a']"),
        *("10**3000 * 10**3000", "min('abc')", "\0", "round(1, 10**9) + 'x'", "log(0)"),
    ],
)
def test_what_is_no_calculation_is_a_fault(expression: str) -> None:
    with pytest.raises(ToolFault):
        calculate({"expression": expression})


@given(st.text(alphabet="0123456789+-*/%()., eabsqrtmin'[]", max_size=40))
def test_any_expression_has_a_value_or_a_fault(expression: str) -> None:
    with suppress(ToolFault):
        assert len(calculate({"expression": expression})) < 4000


def test_the_clock_knows_time_zones() -> None:
    assert "+09:00" in now({"timezone": "Asia/Tokyo"})
    assert now({})[10] == "T"
    for wrong in ("Nowhere", "../../etc/passwd", "/etc/passwd", "", "Europe"):
        with pytest.raises(ToolFault, match="There is no time zone"):
            now({"timezone": wrong})


def test_they_can_be_offered() -> None:
    assert [tool.fault for tool in built_in_tools()] == [None, None]
