"""Small sums, column by column from the right: `7+8+0=15: 5` keeps 5 and carries 1.

Every line shows the digits, the carry that came in, a two-digit result whose first digit is the
carry that goes out (in a subtraction `3-5-0=18`: borrow 1, keep 8), and the result so far. So each
token follows from the line above.
"""

from __future__ import annotations

from random import Random

from training.exchange import Exchange, answered
from training.lexicon import PEOPLE, THINGS
from training.split import Split, draw

SIGNS = {"+": ("+", "plus"), "-": ("-", "minus"), "*": ("*", "times", "x", "×")}

QUESTIONS = (
    "What is {e}?",
    "What's {e}?",
    "{e}",
    "{e} = ?",
    "{e}=",
    "How much is {e}?",
    "Calculate {e}.",
    "Compute {e}.",
    "Please calculate {e}.",
    "Can you work out {e}?",
    "what is {e}",
    "Tell me {e}.",
    "Solve {e}",
    "How much does {e} make?",
    "What do you get for {e}?",
    "I need the result of {e}.",
    "Could you compute {e} for me?",
)

WORD_PROBLEMS = {
    "+": (
        "I have {a} {t} and buy {b} more. How many do I have?",
        "{p} has {a} {t} and gets {b} more. How many {t} does {p} have now?",
        "There are {a} {t} in one box and {b} in another. How many are there in total?",
        "Add {a} and {b}.",
        "What is the sum of {a} and {b}?",
        "{a} and {b} together?",
    ),
    "-": (
        "I have {a} {t} and give away {b}. How many are left?",
        "{p} had {a} {t} and lost {b}. How many {t} does {p} still have?",
        "There were {a} {t}, then {b} were sold. How many remain?",
        "Subtract {b} from {a}.",
        "Take {b} away from {a}.",
        "What is the difference between {a} and {b}?",
    ),
    "*": (
        "There are {a} boxes with {b} {t} each. How many {t} are there?",
        "{p} buys {a} bags of {b} {t}. How many {t} is that?",
        "Multiply {a} by {b}.",
        "What is the product of {a} and {b}?",
    ),
}


def _columns(a: int, b: int, width: int) -> list[tuple[int, int]]:
    pairs = zip(reversed(str(a).zfill(width)), reversed(str(b).zfill(width)), strict=True)
    return [(int(x), int(y)) for x, y in pairs]


def add_lines(a: int, b: int) -> str:
    width = max(len(str(a)), len(str(b))) + 1
    lines, carry, result = [f"{a:0{width}d}+{b:0{width}d}"], 0, ""
    for x, y in _columns(a, b, width):
        total = x + y + carry
        result = str(total % 10) + result
        lines.append(f"{x}+{y}+{carry}={total:02d}: {result}")
        carry = total // 10
    return "\n".join([*lines, f"={a + b}"])


def subtract_lines(a: int, b: int) -> str:
    if a < b:
        return f"{a}<{b}\n{subtract_lines(b, a)}\n={a - b}"
    width = max(len(str(a)), len(str(b)))
    lines, borrow, result = [f"{a:0{width}d}-{b:0{width}d}"], 0, ""
    for x, y in _columns(a, b, width):
        taken = int(x - y - borrow < 0)
        digit = 10 * taken + x - y - borrow
        result = str(digit) + result
        lines.append(f"{x}-{y}-{borrow}={taken}{digit}: {result}")
        borrow = taken
    return "\n".join([*lines, f"={a - b}"])


def _digit_lines(a: int, digit: int) -> str:
    lines, carry, result = [f"0{a}*{digit}"], 0, ""
    for x in reversed(f"0{a}"):
        total = int(x) * digit + carry
        result = str(total % 10) + result
        lines.append(f"{x}*{digit}+{carry}={total:02d}: {result}")
        carry = total // 10
    return "\n".join([*lines, f"={a * digit}"])


def multiply_lines(a: int, b: int) -> str:
    """Multiply by each digit of `b`, shifted for tens, then add up."""
    if b < 10:
        return _digit_lines(a, b)
    tens, ones = b // 10, b % 10
    parts = [_digit_lines(a, ones), _digit_lines(a, tens), add_lines(a * ones, a * tens * 10)]
    return "\n".join(parts)


LINES = {"+": add_lines, "-": subtract_lines, "*": multiply_lines}


def _fact(rng: Random) -> str:
    """One column of a sum, written as in the lines above."""
    x, y = rng.randint(0, 9), rng.randint(0, 9)
    sign = rng.choice("+-**")
    if sign == "-":
        borrow = rng.randint(0, 1)
        taken = int(x - y - borrow < 0)
        return f"{x}-{y}-{borrow}={taken}{10 * taken + x - y - borrow}"
    carry = rng.randint(0, 1) if sign == "+" else rng.randint(0, 8) if rng.random() < 0.6 else 0
    return f"{x}{sign}{y}+{carry}={x + y + carry if sign == '+' else x * y + carry:02d}"


def facts(rng: Random, split: Split) -> Exchange:
    """A drill of many single columns, with nothing else to think about."""
    lines = [_fact(rng) for _ in range(rng.randint(8, 20))]
    asked = ", ".join(line.partition("=")[0] for line in lines)
    return answered(f"Work out {asked}.", "One by one.", "\n".join(lines))


def evaluate(a: int, sign: str, b: int) -> int:
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def _number(rng: Random, digits: int) -> int:
    return rng.randint(0 if digits == 1 else 10 ** (digits - 1), 10**digits - 1)


def _problem(rng: Random) -> tuple[int, str, int]:
    sign = rng.choices("+-*", (5, 4, 3))[0]
    if sign == "*":
        small = rng.random() < 0.85
        return (
            _number(rng, rng.randint(1, 3) if small else 2),
            sign,
            _number(rng, 1 if small else 2),
        )
    digits = rng.choices((1, 2, 3, 4), (3, 5, 3, 1))[0]
    other = digits if rng.random() < 0.6 else rng.randint(1, digits)
    a, b = _number(rng, digits), _number(rng, other)
    return (max(a, b), sign, min(a, b)) if rng.random() < 0.85 else (a, sign, b)


def problem(rng: Random, split: Split) -> tuple[int, str, int]:
    """Two numbers and a sign; the pair (in either order) belongs to one split only."""

    def key(item: tuple[int, str, int]) -> str:
        low, high = sorted((item[0], item[2]))
        return f"{low}{item[1]}{high}"

    return draw("sum", split, lambda: _problem(rng), key)


def _worded(rng: Random, a: int, sign: str, b: int) -> str:
    text = rng.choice(WORD_PROBLEMS[sign])
    return text.format(a=a, b=b, t=rng.choice(THINGS), p=rng.choice(PEOPLE))


def expression(rng: Random, parts: list[str]) -> str:
    """Write `47 + 38` as people type it: with words, without spaces."""
    shown = [rng.choice(SIGNS[part]) if part in SIGNS else part for part in parts]
    spaced = any(part.isalpha() for part in shown) or rng.random() < 0.7
    return (" " if spaced else "").join(shown)


def _three(rng: Random, split: Split) -> Exchange:
    while True:
        a, first, b = problem(rng, split)
        if first != "*" and max(a, b) < 1000:
            break
    second, c = rng.choice("+-"), _number(rng, rng.randint(1, 3))
    middle = evaluate(a, first, b)
    if middle < 0:
        first, middle = "+", a + b
    result = evaluate(middle, second, c)
    text = rng.choice(QUESTIONS).format(e=expression(rng, [str(a), first, str(b), second, str(c)]))
    thought = f"{a}{first}{b}{second}{c}\n{LINES[first](a, b)}\n{LINES[second](middle, c)}"
    return answered(text, thought, f"{a} {first} {b} {second} {c} = {result}.")


def exchange(rng: Random, split: Split) -> Exchange:
    """A sum of two or three numbers, bare or in a story."""
    if rng.random() < (0.12 if split == "train" else 0.06):
        return _three(rng, split)
    a, sign, b = problem(rng, split)
    if rng.random() < 0.35 and not (sign == "-" and a < b):
        user = _worded(rng, a, sign, b)
    else:
        user = rng.choice(QUESTIONS).format(e=expression(rng, [str(a), sign, str(b)]))
    thought = f"{a}{sign}{b}\n{LINES[sign](a, b)}"
    return answered(user, thought, f"{a} {sign} {b} = {evaluate(a, sign, b)}.")
