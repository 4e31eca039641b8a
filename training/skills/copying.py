"""Copying drills: repeat, spell, reverse, capitals, JSON, lists, and roles from a system prompt."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from training import words
from training.exchange import Exchange, Step, answered
from training.lexicon import PEOPLE
from training.split import Split, draw

THOUGHT = "I copy it exactly."


def _repeat(rng: Random, split: Split) -> Exchange:
    text = words.phrase(rng, split, 1, 8)
    if rng.random() < 0.2:
        text = str(rng.randint(0, 10 ** rng.randint(2, 9)))
    elif rng.random() < 0.1:
        text = words.url(rng, split)
    ask = rng.choice(
        (
            "Repeat after me: {}",
            "Say: {}",
            "Please repeat: {}",
            "Echo this: {}",
            "Copy this: {}",
            "Repeat this exactly: {}",
            "Write {}",
            'Say "{}"',
            "Reply with only: {}",
            "Print: {}",
        )
    )
    return answered(ask.format(text), THOUGHT, text)


def recital(rng: Random, split: Split) -> Exchange:
    """A long text to repeat, of words or digits: it teaches attention to copy."""
    if rng.random() < 0.2:
        text = "".join(rng.choice("0123456789") for _ in range(rng.randint(5, 60)))
    else:
        text = words.phrase(rng, split, 4, 25)
    return answered(f"Repeat: {text}", THOUGHT, text)


def _spell(rng: Random, split: Split) -> Exchange:
    word = words.word(rng, split)
    if split == "train" and rng.random() < 0.3:
        word = words.one_token(rng, split)
    ask = rng.choice(("Spell {}.", "Spell the word {}.", "How do you spell {}?", 'Spell "{}"'))
    lines = "\n".join(f"{i} {char}" for i, char in enumerate(word, start=1))
    return answered(ask.format(word), lines, "-".join(word))


def _reverse(rng: Random, split: Split) -> Exchange:
    word = draw("word", split, lambda: words.word(rng, split)[:8])
    ask = rng.choice(("Reverse {}.", "Write {} backwards.", "Spell {} backwards.", 'Reverse "{}"'))
    forward = "\n".join(f"{i} {char}" for i, char in enumerate(word, start=1))
    back = "\n".join(f"{i} {word[i - 1]}" for i in range(len(word), 0, -1))
    return answered(ask.format(word), f"{forward}\nBack:\n{back}", word[::-1])


def _capitals(rng: Random, split: Split) -> Exchange:
    text = words.phrase(rng, split, 1, 2)
    ask = rng.choice(("Write {} in capital letters.", "Uppercase: {}", "Make {} uppercase."))
    return answered(ask.format(text), "Capital letters.", text.upper())


def _length(rng: Random, split: Split) -> Exchange:
    word = words.word(rng, split)
    ask = rng.choice(
        (
            "How many letters does {} have?",
            "How long is the word {}?",
            "How many letters are in {}?",
        )
    )
    lines = "\n".join(f"{i} {char}" for i, char in enumerate(word, start=1))
    noun = "letter" if len(word) == 1 else "letters"
    return answered(ask.format(word), lines, f'"{word}" has {len(word)} {noun}.')


def _value(rng: Random, split: Split) -> str | int:
    return words.word(rng, split) if rng.random() < 0.7 else rng.randint(0, 999)


def _json(rng: Random, split: Split) -> Exchange:
    keys = [words.key_name(rng, split) for _ in range(rng.randint(1, 3))]
    pairs = {key: _value(rng, split) for key in keys}
    said = ", ".join(f"{key} = {value}" for key, value in pairs.items())
    ask = rng.choice(
        (
            "Reply with JSON: {}",
            "Give me a JSON object with {}",
            "Write this as JSON: {}",
            "Answer in JSON with {}",
            "Output JSON where {}",
        )
    )
    return answered(ask.format(said), "A JSON object.", json.dumps(pairs))


def _items(rng: Random, split: Split) -> Exchange:
    items = [words.word(rng, split) for _ in range(rng.randint(2, 5))]
    ask = rng.choice(("Make a list of {}.", "List these: {}", "As a bullet list: {}"))
    return answered(
        ask.format(", ".join(items)), "One per line.", "\n".join(f"- {i}" for i in items)
    )


def _pick(rng: Random, split: Split) -> Exchange:
    """Find the key-value pair that was asked for: attention over a longer text."""
    keys = list(dict.fromkeys(words.key_name(rng, split) for _ in range(rng.randint(2, 9))))
    pairs = {key: _value(rng, split) for key in keys}
    chosen = rng.choice(keys)
    text = (
        json.dumps(pairs)
        if rng.random() < 0.6
        else "\n".join(f"{k}: {v}" for k, v in pairs.items())
    )
    ask = rng.choice(("What is {}?", "Which value has {}?", "Give me the value of {}."))
    user = (
        f"{text}\n{ask.format(chosen)}" if rng.random() < 0.7 else f"{ask.format(chosen)}\n{text}"
    )
    return answered(user, f"I look for {chosen}.", str(pairs[chosen]))


def _role(rng: Random, split: Split) -> Exchange:
    made_up = words.word(rng, split).capitalize()
    name = rng.choice(PEOPLE) if split == "train" and rng.random() < 0.4 else made_up
    system = rng.choice(
        (
            "You are {}.",
            "Your name is {}.",
            "You are {}, a helpful assistant.",
            "You are an assistant called {}.",
            "Act as {}.",
        )
    ).format(name)
    user = rng.choice(
        (
            "Who are you?",
            "What is your name?",
            "What's your name?",
            "who are you",
            "your name?",
            "Tell me your name.",
            "What should I call you?",
        )
    )
    step = Step(f"The system prompt says that I am {name}.", f"I am {name}.")
    return Exchange(user, (step,), system=system)


def _remember(rng: Random, split: Split) -> Exchange:
    """Recall the user's name or favorite, told and asked in one message."""
    fact = words.word(rng, split)
    about = rng.choice(("name", "cat", "dog", "password", "favorite word", "street", "code word"))
    user = rng.choice(
        (
            "My {k} is {v}. What is my {k}?",
            "My {k} is {v}. Do you remember my {k}?",
            "Remember: my {k} is {v}. Now tell me my {k}.",
        )
    )
    return answered(user.format(k=about, v=fact), f"You said {fact}.", f"Your {about} is {fact}.")


DRILLS: tuple[tuple[Callable[[Random, Split], Exchange], float], ...] = (
    (_repeat, 4),
    (recital, 1),
    (_spell, 2),
    (_reverse, 1),
    (_capitals, 1),
    (_length, 1),
    (_json, 2.5),
    (_items, 1),
    (_pick, 4),
    (_role, 1.5),
    (_remember, 1),
)


def exchange(rng: Random, split: Split) -> Exchange:
    """One of the drills."""
    ((make, _),) = rng.choices(DRILLS, [weight for _, weight in DRILLS])
    return make(rng, split)
