"""Counting letters: the thought spells the word, one numbered line per letter, with the count."""

from __future__ import annotations

from random import Random

from training import words
from training.exchange import Exchange, answered
from training.split import Split, draw

# Training words that are one token.
ONE_TOKEN = 0.15
# Training words of two to four different letters: many hits, so that a match is learned soon.
FEW_LETTERS = 0.35

QUESTIONS = (
    "How many {c}'s are in {w}?",
    "How many {c}'s in {w}?",
    "How many {c}s are there in {w}?",
    "How many times does {c} appear in {w}?",
    "How many times does the letter {c} occur in the word {w}?",
    "How many letters {c} does {w} have?",
    "How many {c}'s are there in the word {w}?",
    'How many "{c}" are in {w}?',
    "How many '{c}' are in the word {w}?",
    "how many {c} in {w}",
    "how many {c}'s does {w} contain",
    "Count the {c}'s in {w}.",
    "Count the letter {c} in {w}.",
    "Count how often {c} occurs in {w}, please.",
    "Please count the {c}'s in the word {w}.",
    "Can you count the {c}'s in {w}?",
    "Could you tell me how many {c}'s {w} has?",
    "Tell me how many {c}'s are in {w}.",
    "In the word {w}, how many {c}'s are there?",
    "In {w}, how many times do you see {c}?",
    "What is the number of {c}'s in {w}?",
    "{w}: how many {c}'s?",
    "Look at the word {w}. How many {c}'s does it have?",
    "I wonder how many {c}'s there are in {w}.",
    "Number of {c} in {w}?",
)


def count_line(index: int, letter: str, count: int) -> str:
    return f"{index} {letter} {count}"


def spelled(word: str, letter: str) -> str:
    """The word letter by letter, with the running count of `letter`."""
    lines, count = [], 0
    for index, char in enumerate(word.lower(), start=1):
        count += char == letter
        lines.append(count_line(index, char, count))
    return "\n".join(lines)


def answer(word: str, letter: str) -> str:
    count = word.lower().count(letter)
    if count == 0:
        return f'There are no {letter}\'s in "{word}".'
    if count == 1:
        return f'There is 1 {letter} in "{word}".'
    return f'There are {count} {letter}\'s in "{word}".'


def _direct(word: str, letter: str) -> str:
    """Without a thought the answer itself spells the word; otherwise the count would be a guess."""
    count, parts = 0, []
    for char in word.lower():
        count += char == letter
        parts.append(f"{char} ({count})" if char == letter else char)
    return f"{', '.join(parts)}: {answer(word, letter)[0].lower()}{answer(word, letter)[1:]}"


def _pick_letter(rng: Random, word: str) -> str:
    roll = rng.random()
    if roll < 0.45:
        most = max(word.count(char) for char in word)
        return rng.choice([char for char in word if word.count(char) == most])
    return rng.choice(word) if roll < 0.85 else rng.choice(words.LETTERS)


def _dressed(rng: Random, word: str) -> str:
    """Write the word as people do: bare, capitalized, in capitals."""
    roll = rng.random()
    if roll < 0.75:
        return word
    return word.capitalize() if roll < 0.9 else word.upper()


def exchange(rng: Random, split: Split) -> Exchange:
    """How many of one letter a word has."""
    plain = words.word(rng, split)
    if split == "train" and rng.random() < FEW_LETTERS:
        plain = draw("word", split, lambda: words.few_letters(rng))
    elif split == "train" and rng.random() < ONE_TOKEN:
        plain = words.one_token(rng, split)
    letter = _pick_letter(rng, plain)
    word = _dressed(rng, plain)
    quote = rng.choice(["", "", "", "'", '"'])
    shown = letter.upper() if rng.random() < 0.15 else letter
    user = rng.choice(QUESTIONS).format(c=shown, w=f"{quote}{word}{quote}")
    thought = f'I spell "{word}" and count {letter}.\n{spelled(word, letter)}'
    return answered(user, thought, answer(word, letter), _direct(word, letter))
