"""Short requests people try first: say something, echo it, count, list, just the number.

Every answer is short and ends; even a prompt that no other skill covers gets one polite sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from training import words
from training.exchange import Call, Exchange, Step, answered
from training.lexicon import CITIES, KNOWN_WORDS, PEOPLE
from training.skills import sums, tools
from training.skills.asking import (
    ECHO,
    LENGTHS,
    LISTS,
    NUMBERS,
    ONLY,
    SAY,
    SAYINGS,
    SUFFIXES,
    TASKS,
)
from training.skills.families import FAMILIES, question
from training.skills.phrases import OUT_OF_SCOPE, THOUGHTS
from training.skills.schemas import schema
from training.split import Split, draw


def ending(rng: Random) -> str:
    return rng.choice((".", ".", "", "!", "?"))


def as_typed(rng: Random, text: str) -> str:
    roll = rng.random()
    if roll < 0.2:
        return text.lower()
    return text if roll < 0.9 else f"{text} Please."


def _amount(rng: Random, number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) and rng.random() < 0.5 else str(number)


def say(rng: Random, split: Split) -> Exchange:
    """`Say hello.`, with or without a number of words."""
    things, answers = rng.choice(list(SAYINGS.items()))
    ask = rng.choice(SAY).format(rng.choice(things.split("|")))
    if rng.random() < 0.3:
        return answered(as_typed(rng, ask + ending(rng)), "I say it.", answers[0])
    number = rng.choice((1, 1, 2, 3, 3, 4, 5, 6))
    noun = "word" if number == 1 else "words"
    length = rng.choice(LENGTHS).format(_amount(rng, number), noun)
    user = as_typed(rng, f"{ask} {length}{ending(rng)}")
    if rng.random() < 0.2:
        things, answers = "", SAYINGS["a word|something|anything"]
        start = rng.choice(("Say {} {}", "Write {} {}", "Give me {} {}", "Tell me {} {}"))
        user = as_typed(rng, start.format(_amount(rng, number), noun) + ending(rng))
    return answered(user, f"{number} {noun}.", answers[number - 1])


def greet(rng: Random, split: Split) -> Exchange:
    """Greet somebody else, or the user who gave a name."""
    made_up = words.word(rng, split).capitalize()
    name = rng.choice(PEOPLE) if split == "train" and rng.random() < 0.3 else made_up
    if rng.random() < 0.5:
        ask = rng.choice(
            ("Say hello to {}", "Greet {}", "Say hi to {}", "Welcome {}", "Say hello, {}")
        )
        return answered(as_typed(rng, ask.format(name)), "I greet.", f"Hello, {name}!")
    return introduced(rng, name)


def introduced(rng: Random, name: str) -> Exchange:
    """The user's name."""
    ask = rng.choice(
        (
            "My name is {}",
            "I am {}",
            "I'm {}",
            "Hi! My name is {}",
            "Hello, I am {}",
            "Hi, I'm {}",
            "My name is {}. Remember it",
            "Call me {}",
            "Hello! My name is {}",
            "You can call me {}",
        )
    )
    user = ask.format(name) + rng.choice((".", "", "!"))
    return answered(user, "I greet.", f"Nice to meet you, {name}!")


def _echoed(rng: Random, split: Split) -> str:
    roll = rng.random()
    if roll < 0.25:
        return draw("word", split, lambda: rng.choice(KNOWN_WORDS))
    if roll < 0.55:
        return words.word(rng, split).upper()
    if roll < 0.75:
        return words.word(rng, split)
    if roll < 0.85:
        return str(rng.randint(0, 9999))
    if roll < 0.92:
        return words.code(rng)
    return words.phrase(rng, split, 2, 7)


def echo(rng: Random, split: Split) -> Exchange:
    """Say a word and nothing else."""
    ask = rng.choice(ECHO)
    text = _echoed(rng, split)
    return answered(ask.format(text), "I copy it exactly.", text)


def _series(rng: Random) -> tuple[int, int, list[int]]:
    first = 1 if rng.random() < 0.75 else rng.randint(0, 20)
    length = rng.choices(
        (rng.randint(2, 10), rng.randint(11, 30), rng.randint(31, 100)), (10, 3, 1)
    )
    last = first + length[0] - 1
    if first == 1 and rng.random() < 0.5:
        last = min(100, rng.choice((3, 5, 10, 10, 20, last)))
    if last <= 12 and rng.random() < 0.2:
        return last, first, list(range(last, first - 1, -1))
    return first, last, list(range(first, last + 1))


def count(rng: Random, split: Split) -> Exchange:
    """Count forwards or backwards."""
    first, last, series = _series(rng)
    a, b = _amount(rng, first), _amount(rng, last)
    asks = ["Count from {a} to {b}", "count {a} to {b}", "Count up from {a} to {b}"]
    if first > last:
        asks = [
            "Count from {a} to {b}",
            "Count down from {a} to {b}",
            "Count backwards from {a} to {b}",
        ]
    elif first == 1:
        asks += ["Count to {b}", "Can you count to {b}", "Please count to {b}", "count to {b}"]
    tail = rng.choice(("", "", ", separated by commas", ". " + rng.choice(ONLY).format("numbers")))
    user = rng.choice(asks).format(a=a, b=b) + (tail or ending(rng))
    return answered(user, f"From {first} to {last}.", ", ".join(map(str, series)))


def some(rng: Random, split: Split) -> Exchange:
    """List a few things of a kind."""
    kind, things = rng.choice(list(LISTS.items()))
    number = rng.randint(2, 7) if rng.random() < 0.7 else 3
    ask = rng.choice(("Name {} {}", "List {} {}", "Give me {} {}", "Tell me {} {}", "Write {} {}"))
    user = as_typed(rng, ask.format(_amount(rng, number), kind) + ending(rng))
    return answered(user, f"{number} {kind}.", ", ".join(things[:number]))


def result(rng: Random, split: Split) -> Exchange:
    """A sum of which only the number is wanted, or with a request that changes nothing."""
    inner = sums.exchange(rng, split)
    step = inner.steps[0]
    if rng.random() < 0.35:
        more = ("Think it through, then answer.", "Show your reasoning.", "Think step by step.")
        return Exchange(f"{inner.user} {rng.choice(more)}", inner.steps)
    number = step.content.rstrip(".").rpartition("= ")[2]
    only = rng.choice(ONLY).format(rng.choice(("number", "number", "result", "answer")))
    return answered(f"{inner.user} {only}", step.thought, number)


def invoked(rng: Random, split: Split) -> Exchange:
    """Call a tool written as code: `magic(3)`."""
    tool, values = tools.made_up_tool(rng, split, 0)
    listed_tools = (schema(rng, tool),)
    style = rng.choice(("{v}", "{v}", "{k}={v}"))
    said = ", ".join(style.format(k=k, v=json.dumps(v)) for k, v in values.items())
    ask = rng.choice(
        (
            "What is the value of {}? Use the tool.",
            "What is {}? Use the tool.",
            "Call {}",
            "Run {}.",
            "Compute {} with the tool.",
            "Use the tool to get {}.",
            "What does {} return?",
        )
    )
    output = str(rng.randint(0, 999)) if rng.random() < 0.5 else words.phrase(rng, split, 1, 3)
    steps = (
        Step(f"This needs {tool.name}.", calls=(Call(tool.name, values),), results=(output,)),
        Step("I have the result.", f"The result is {output}."),
    )
    return Exchange(ask.format(f"{tool.name}({said})"), steps, listed_tools)


def unknown(rng: Random, split: Split) -> Exchange:
    """Anything else, long or short: one polite sentence and an end."""
    if rng.random() < 0.25:
        family = rng.choice(
            [f for f in FAMILIES if f.about not in ("a calculation", "a translation")]
        )
        values = {key: role.make(rng, split) for key, role in family.roles.items() if role.required}
        return answered(question(rng, family, values), THOUGHTS["outside"], OUT_OF_SCOPE)
    noun = words.everyday_word(rng, split)
    subject = rng.choice(CITIES) if split == "train" and rng.random() < 0.15 else None
    about = subject or words.phrase(rng, split, 1, rng.choice((1, 2, 4, 10)))
    user = rng.choice(TASKS).format(n=noun, w=about, d=_amount(rng, rng.randint(2, 9)))
    user = user.capitalize() if rng.random() < 0.3 else user
    user += "" if "\n" in user else rng.choice((".", "?", "?", "", "!"))
    if rng.random() < 0.3:
        user += f" {rng.choice(SUFFIXES).format(noun)}"
    return answered(user, THOUGHTS["outside"], OUT_OF_SCOPE)


REQUESTS: tuple[tuple[Callable[[Random, Split], Exchange], float], ...] = (
    (say, 4),
    (greet, 1.5),
    (echo, 3),
    (count, 2.5),
    (some, 1.5),
    (result, 3),
    (invoked, 3),
    (unknown, 5),
)


def exchange(rng: Random, split: Split) -> Exchange:
    """One of the requests."""
    ((make, _),) = rng.choices(REQUESTS, [weight for _, weight in REQUESTS])
    return make(rng, split)


def exchange_without_tools(rng: Random, split: Split) -> Exchange:
    """Return a request that can stand between other turns."""
    while (request := exchange(rng, split)).tools:
        pass
    return request
