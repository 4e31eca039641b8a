"""Small talk and identity: greetings, thanks, goodbyes, what it is, what it cannot do."""

from __future__ import annotations

from random import Random

from training import words
from training.exchange import Exchange, answered
from training.skills.phrases import ENGLISH, OTHER_LANGUAGES, OUT_OF_SCOPE, THOUGHTS, Topic
from training.split import Split, draw

WIDE = set("。，！？")
OPENERS = (
    "What is",
    "Who is",
    "Explain",
    "Tell me about",
    "Describe",
    "Write a poem about",
    "Write a story about",
    "How do I make",
    "Why is",
    "Where is",
    "What do you think of",
    "Write an essay about",
    "Give me information about",
    "When was",
    "Define",
    "Recommend a",
)


def punctuated(rng: Random, prompt: str) -> str:
    """Vary text as people type it: case, punctuation, a please."""
    latin = prompt.isascii()
    if latin and rng.random() < 0.3:
        prompt = prompt.lower()
    elif latin and rng.random() < 0.05:
        prompt = prompt.upper()
    asian = any("぀" <= char <= "鿿" for char in prompt)
    endings = ("", "！", "？", "。") if asian else ("", "", "!", ".", "?", "!!", "?!", "...", " :)")
    return prompt + rng.choice(endings)


def _phrase(rng: Random) -> tuple[str, Topic]:
    topics = ENGLISH if rng.random() < 0.6 else OTHER_LANGUAGES
    topic = rng.choice(topics)
    return punctuated(rng, rng.choice(topic.prompts)), topic


def _outside(rng: Random, split: Split) -> Exchange:
    """A question about any topic: the honest answer is that a demo cannot know."""
    user = f"{rng.choice(OPENERS)} {words.phrase(rng, split, 1, 4)}{rng.choice(['?', '.', ''])}"
    return answered(user, THOUGHTS["outside"], OUT_OF_SCOPE)


def exchange(rng: Random, split: Split) -> Exchange:
    """A short social turn; prompts (with their punctuation) are held out by hash."""
    if rng.random() < 0.15:
        return _outside(rng, split)
    prompt, topic = draw("prompt", split, lambda: _phrase(rng), lambda item: item[0])
    return answered(prompt, THOUGHTS[topic.name], topic.answer)
