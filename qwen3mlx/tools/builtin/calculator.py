"""A calculator: expressions are evaluated by simpleeval, with bounds on the size of numbers."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from .made import BuiltIn, ToolFault

# Characters: Python 3.11 cannot parse ever again after an expression that is nested too deeply.
LONGEST = 250
# Bits of an integer: more digits than anybody reads, computed within a millisecond.
MOST_BITS = 10_000


def calculate(arguments: Mapping[str, Any]) -> str:
    """The value of `expression`. Raises ToolFault if it has none."""
    from simpleeval import InvalidExpression, SimpleEval

    expression = " ".join(arguments["expression"].split())
    if len(expression) > LONGEST:
        raise ToolFault(f"Write an expression of at most {LONGEST} characters.")
    if ";" in expression:
        raise ToolFault("Calculate one expression at a time.")
    evaluator = SimpleEval(operators=_OPERATORS, functions=_FUNCTIONS, names=_NAMES)
    try:
        value = evaluator.eval(expression)
    except (InvalidExpression, SyntaxError, ArithmeticError, ValueError, TypeError) as error:
        raise ToolFault(f"This cannot be calculated: {_reason(error)}") from None
    except (RecursionError, MemoryError):
        raise ToolFault("This cannot be calculated: it is nested too deeply.") from None
    if not isinstance(value, (int, float)):
        raise ToolFault("This is not a number: write an expression such as (3 + 4) * 2.")
    return str(value)


def _reason(error: Exception) -> str:
    return f"{str(error).rstrip('.') or type(error).__name__}."


def _whole(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise ValueError("the number has too many digits")
    return value


def _number(value: Any) -> Any:
    """Texts and lists are no numbers, and can be made long."""
    if isinstance(value, (int, float)):
        return value
    raise TypeError("it calculates with numbers alone")


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: _whole(function(_number(left), _number(right)))


def _power(base: Any, exponent: Any) -> Any:
    base, exponent = _number(base), _number(exponent)
    is_whole = isinstance(base, int) and isinstance(exponent, int)
    if is_whole and base.bit_length() * max(0, exponent) > MOST_BITS:
        raise ValueError("the number has too many digits")
    value = base**exponent
    return _number(value)  # a root of a negative number is complex


def _factorial(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 1000:
        raise ValueError("factorial takes an integer from 0 to 1000")
    return math.factorial(value)


_OPERATORS = {
    ast.Add: _binary(operator.add),
    ast.Sub: _binary(operator.sub),
    ast.Mult: _binary(operator.mul),
    ast.Div: _binary(operator.truediv),
    ast.FloorDiv: _binary(operator.floordiv),
    ast.Mod: _binary(operator.mod),
    ast.Pow: _power,
    ast.USub: lambda value: -_number(value),
    ast.UAdd: lambda value: +_number(value),
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(math, name)
        for name in (
            *("sqrt", "exp", "log", "log2", "log10", "floor", "ceil", "degrees", "radians"),
            *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"),
            *("hypot", "gcd", "isqrt"),
        )
    },
    "abs": abs,
    "round": round,
    "min": min,
    "max": max,
    "pow": _power,
    "factorial": _factorial,
}
_NAMES = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf}

CALCULATOR = BuiltIn(
    name="calculate",
    description="Calculate an expression exactly: + - * / // % **, comparisons, and functions "
    f"({', '.join(_FUNCTIONS)}).",
    properties={
        "expression": {
            "type": "string",
            "maxLength": LONGEST,
            "description": "For example (17 * 23) / 4 + sqrt(2).",
        }
    },
    required=("expression",),
    work=calculate,
    unasked="always",
)
