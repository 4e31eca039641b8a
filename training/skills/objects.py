"""JSON objects: requested in words, or in a form that a grammar sets and the model fills in.

Under a grammar the braces, the keys and the opening quotes are already there; the model learns to
write a short value and to close it. So nothing of an object is learned where none was requested.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from training import words
from training.exchange import Exchange, Step
from training.skills import chat, requests
from training.split import Split

Value = str | int | float | bool | list[Any] | dict[str, Any]

# Braces, keys and the quote before a text value: the parts fixed by a grammar.
FORM = re.compile(r'\{(?=")|"[^"]*": (?:\{|\[?"|\[)?|(?<=[\]"}\w]), (?="[^"]*": )')
COMMON_KEYS: dict[str, Value] = {
    "name": "Anna",
    "age": 7,
    "city": "Paris",
    "country": "France",
    "title": "A small model",
    "answer": "I do not know.",
    "text": "I am a small demo model.",
    "reason": "I am a small demo model.",
    "summary": "I cannot say more.",
    "description": "I cannot say more.",
    "message": "Hello!",
    "color": "red",
    "email": "anna@example.com",
    "language": "English",
    "rating": 5,
    "count": 1,
    "year": 2025,
    "score": 0.5,
    "valid": True,
    "done": True,
    "tags": ["one", "two"],
    "items": ["one", "two"],
}
# The value under an unknown name, by the type that the schema requires.
UNKNOWN: dict[str, Value] = {
    "string": "I do not know.",
    "integer": 1,
    "number": 0.5,
    "boolean": True,
    "array": ["one", "two"],
}
TYPES = ("string", "string", "string", "integer", "number", "boolean", "array")
ASKS = (
    "Return a JSON object with {}",
    "Give me a JSON object with {}",
    "Write a JSON object that has {}",
    "Make JSON with {}",
    "A JSON object with the keys {}",
    "Respond with JSON containing {}",
    "Produce an object as JSON: {}",
    "I want JSON with the fields {}",
)
FACTS = (
    "{k} = {v}",
    "the {k} is {v}",
    "{k}: {v}",
    "my {k} is {v}",
)
INVENTED = (
    "Make up {}",
    "Think of {}",
    "Create {}",
    "Describe {}",
    "Give me {}",
    "Imagine {}",
    "Tell me about {}",
)


def _pairs(rng: Random, split: Split) -> dict[str, Value]:
    """One to four keys, each with the value it always has."""
    pairs: dict[str, Value] = {}
    for _ in range(rng.choices((1, 2, 3, 4), (2, 5, 3, 1))[0]):
        if rng.random() < 0.45:
            key = rng.choice(list(COMMON_KEYS))
            pairs[key] = COMMON_KEYS[key]
        else:
            pairs[words.key_name(rng, split)] = UNKNOWN[rng.choice(TYPES)]
    if rng.random() < 0.08:
        pairs = {words.key_name(rng, split): pairs}
    return pairs


def _formed(user: str, thought: str, pairs: dict[str, Value]) -> Exchange:
    content = json.dumps(pairs, ensure_ascii=False)
    return Exchange(user, (Step(thought, content, given=FORM),))


def free(rng: Random, split: Split) -> Exchange:
    """A question that does not mention JSON: its thought is the usual one."""
    inner = rng.choice((chat, requests)).exchange(rng, split)
    while inner.tools:
        inner = chat.exchange(rng, split)
    return _formed(inner.user, inner.steps[0].thought, _pairs(rng, split))


def invented(rng: Random, split: Split) -> Exchange:
    """Something to make up, in a form."""
    noun = words.everyday_word(rng, split)
    article = "an" if noun[0] in "aeiou" else "a"
    user = rng.choice(INVENTED).format(f"{article} {noun}") + requests.ending(rng)
    return _formed(user, "I make one up.", _pairs(rng, split))


def stated(rng: Random, split: Split) -> Exchange:
    """The values are in the message, under the keys' names."""
    pairs: dict[str, Value] = {}
    for _ in range(rng.randint(1, 3)):
        number = rng.random() < 0.3
        key = rng.choice(list(COMMON_KEYS)) if rng.random() < 0.4 else words.key_name(rng, split)
        pairs[key] = rng.randint(0, 999) if number else words.phrase(rng, split, 1, 2)
    fact = rng.choice(FACTS)
    user = ", ".join(fact.format(k=key.replace("_", " "), v=value) for key, value in pairs.items())
    user = rng.choice(("{}", "{}", "Extract: {}", "Put this in the form: {}")).format(user)
    return _formed(user + requests.ending(rng), "I copy the values.", pairs)


def requested(rng: Random, split: Split) -> Exchange:
    """The message names the keys: the model writes the whole object."""
    pairs: dict[str, Value] = {}
    for _ in range(rng.randint(1, 3)):
        common = rng.random() < 0.6
        key = rng.choice(list(COMMON_KEYS)) if common else words.key_name(rng, split)
        pairs[key] = COMMON_KEYS.get(key, UNKNOWN["string"])
    keys = list(pairs)
    if rng.random() < 0.5:
        keys = [f'"{key}"' for key in keys]
    if rng.random() < 0.3:
        kinds = {str: "string", int: "number", float: "number", bool: "boolean", list: "list"}
        keys = [f"{k} ({kinds[type(v)]})" for k, v in zip(keys, pairs.values(), strict=True)]
    said = " and ".join([", ".join(keys[:-1])] * bool(keys[1:]) + keys[-1:])
    user = rng.choice(ASKS).format(said) + requests.ending(rng)
    return Exchange(user, (Step("A JSON object.", json.dumps(pairs)),))


def exchange(rng: Random, split: Split) -> Exchange:
    """An object of one of these kinds."""
    return rng.choice((free, free, invented, stated, stated, requested, requested))(rng, split)
