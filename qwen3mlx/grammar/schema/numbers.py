"""Bounds of numbers -> schemas that llguidance 1.9 compiles correctly.

It reads `exclusiveMinimum: 0` with `maximum: 0.5` as if 0 were allowed, and omits the prefixes of a
bound (0.7 where 0.75 is the maximum); its bounds are doubles, its integers 64 bits.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any, TypeGuard

Schema = dict[str, Any]

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
# Integers up to the first are exact as doubles; doubles up to the second fit in 64 bits.
MAX_EXACT = 2**53
MAX_WHOLE = 2**63 - 1024
_MAX_DOUBLE = 10**308
# Multiples on each side of 0 that replace a step with too many states.
_FEW = 100
# Numbers with bounds are written without an exponent; the library counts their digits.
_TINY = 1e-60
_PLACES = 15


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def whole_bounds(node: Schema) -> Schema:
    """Return the bounds for integers: as integers, tightened to doubles and to 64 bits."""
    low, low_open = _bound(node, "minimum", "exclusiveMinimum", max)
    high, high_open = _bound(node, "maximum", "exclusiveMaximum", min)
    bounds: Schema = {}
    if low is not None:
        first = int(low.to_integral_value(ROUND_CEILING))
        bounds["minimum"] = max(_inside(first + (low_open and first == low), 1), -MAX_WHOLE)
    if high is not None:
        last = int(high.to_integral_value(ROUND_FLOOR))
        bounds["maximum"] = min(_inside(last - (high_open and last == high), -1), MAX_WHOLE)
    return bounds


def far_numbers(node: Schema) -> list[int]:
    """Return sample numbers within bounds that exclude all 64-bit integers; [] if they don't."""
    low, low_open = _bound(node, "minimum", "exclusiveMinimum", max)
    high, high_open = _bound(node, "maximum", "exclusiveMaximum", min)
    if not ((low is not None and low > MAX_WHOLE) or (high is not None and high < -MAX_WHOLE)):
        return []
    near = low if low is not None and low > 0 else high
    assert near is not None
    sign = 1 if near > 0 else -1
    tens = range(near.adjusted(), near.adjusted() + 3)
    round_ones = [sign * digit * 10**ten for ten in tens for digit in range(1, 10)]
    return [
        each
        for each in dict.fromkeys((int(near), *round_ones))
        if is_written_exactly(each)
        and (low is None or (each > low if low_open else each >= low))
        and (high is None or (each < high if high_open else each <= high))
    ]


def is_written_exactly(number: float) -> bool:
    """Return whether the library writes the double exactly; beyond 64 bits it uses the shortest
    digits.
    """
    if not isinstance(number, int) or abs(number) <= MAX_EXACT:
        return True
    if abs(number) > _MAX_DOUBLE:
        return False
    near = float(number)
    return number == (int(near) if abs(number) < 2**63 else int(Decimal(repr(near))))


def few_multiples(step: float, node: Schema) -> list[float]:
    """Return the multiples of a large `step` nearest to 0, within the bounds."""
    low, low_open = _bound(node, "minimum", "exclusiveMinimum", max)
    high, high_open = _bound(node, "maximum", "exclusiveMaximum", min)
    exact = Decimal(str(step))
    first = 0
    if low is not None and low > 0:
        first = int((low / exact).to_integral_value(ROUND_FLOOR))
    elif high is not None and high < 0:
        first = int((high / exact).to_integral_value(ROUND_CEILING))
    several = [exact * (first + each) for each in range(-_FEW, _FEW + 1)]
    within = [
        _plain(each)
        for each in several
        if (low is None or (each > low if low_open else each >= low))
        and (high is None or (each < high if high_open else each <= high))
    ]
    return [each for each in within if is_written_exactly(each) and is_multiple(each, step)]


def _inside(bound: int, sign: int) -> int:
    """Return the nearest double that is not outside."""
    if abs(bound) > _MAX_DOUBLE:
        return bound
    nearest = float(bound)
    while int(nearest) * sign < bound * sign:
        nearest = math.nextafter(nearest, math.inf * sign)
    return int(nearest)


def real_bounds(node: Schema) -> tuple[Schema, list[float], bool]:
    """Return the bounds for numbers, the values within them that their grammar would omit, and
    whether that covers all of them.
    """
    low, low_open = _bound(node, "minimum", "exclusiveMinimum", max)
    high, high_open = _bound(node, "maximum", "exclusiveMaximum", min)
    exact = all(bound is None or _is_exact(bound) for bound in (low, high))
    if low is not None and low < -MAX_WHOLE:
        low = Decimal(-MAX_WHOLE)
    if high is not None and high > MAX_WHOLE:
        high = Decimal(MAX_WHOLE)
    if low is not None and low_open and _is_forgotten(low, high):
        low, low_open = _next(low, 1), False
    if high is not None and high_open and _is_forgotten(high, low):
        high, high_open = _next(high, -1), False
    bounds: Schema = {}
    if low is not None:
        bounds["exclusiveMinimum" if low_open else "minimum"] = _plain(low)
    if high is not None:
        bounds["exclusiveMaximum" if high_open else "maximum"] = _plain(high)
    begun = {each for bound in (low, high) if bound is not None for each in _beginnings(bound)}
    missing = [
        _plain(each)
        for each in sorted(begun)
        if (low is None or (each > low if low_open else each >= low))
        and (high is None or (each < high if high_open else each <= high))
    ]
    return bounds, missing, exact


def multiples(step: float) -> list[float]:
    """Return the multiples of `step` by number of decimals (none, one, ...): a grammar of a single
    `multipleOf` requires all its decimals, 3.50 for 0.25.
    """
    exact = Decimal(str(step))
    places = max(0, -int(exact.as_tuple().exponent))
    whole = int(exact.scaleb(places))
    return [
        _plain(Decimal(math.lcm(whole, 10**fewer)).scaleb(-places)) for fewer in range(places + 1)
    ]


def is_multiple(number: float, step: float) -> bool:
    return Fraction(str(number)) % Fraction(str(step)) == 0


def _bound(node: Schema, closed: str, open_: str, stricter: Any) -> tuple[Decimal | None, bool]:
    """Return the stricter of both bounds, and whether it is exclusive."""
    given = [(Decimal(str(node[key])), key == open_) for key in (closed, open_) if key in node]
    if len(given) == 2 and given[0][0] == given[1][0]:
        return given[1]
    return stricter(given) if given else (None, False)


def _is_forgotten(bound: Decimal, other: Decimal | None) -> bool:
    """Return whether exclusiveness is ignored: for the bound nearer to 0, if both share the integer
    part.
    """
    if other is None:
        return False
    near = int(bound) == int(other) and bound * other > 0 and abs(bound) <= abs(other)
    return near or bound == 0


def _next(bound: Decimal, sign: int) -> Decimal:
    """Return a nearby number; the library does not parse doubles with more digits exactly."""
    if not bound:
        return Decimal(str(_TINY)) * sign
    return bound + Decimal(1).scaleb(bound.adjusted() - _PLACES + 1) * sign


def _is_exact(bound: Decimal) -> bool:
    return len(bound.normalize().as_tuple().digits) <= _PLACES


def _plain(number: Decimal) -> float | int:
    return int(number) if number == int(number) else float(number)


def _beginnings(bound: Decimal) -> list[Decimal]:
    """Return the prefixes: 0.753 -> 0, 0.7, 0.75, 0.753."""
    places = max(0, -int(bound.as_tuple().exponent))
    steps = [Decimal(1).scaleb(-each) for each in range(min(places, 40) + 1)]
    return [bound.quantize(step, rounding=ROUND_DOWN) for step in steps if _fits(bound, step)]


def _fits(bound: Decimal, step: Decimal) -> bool:
    return bound.adjusted() - step.adjusted() < 27
