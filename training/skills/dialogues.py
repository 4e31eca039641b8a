"""Exchanges decided by a system prompt or an earlier turn: a character, one word only, a name."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from training import words
from training.exchange import Exchange, Step, answered
from training.lexicon import PEOPLE, listed
from training.skills import chat, requests
from training.skills.asking import ONLY
from training.skills.phrases import ENGLISH, OUT_OF_SCOPE, THOUGHTS
from training.split import Split, draw

CHARACTERS = listed(
    "pirate wizard robot teacher doctor cat dog knight king queen chef farmer poet tiger lawyer "
    "nurse singer sheriff pilot dragon ghost captain"
)
ONE_WORD = {
    "greeting": "Hello!",
    "identity": "qwen3mlx.",
    "abilities": "Counting.",
    "how": "Fine!",
    "thanks": "Welcome!",
    "bye": "Goodbye!",
    "test": "Here!",
    "yes": "OK.",
    "outside": "Unknown.",
}
ONE_WORD_RULES = (
    "Always respond in exactly one word.",
    "Answer in one word.",
    "Reply with one word only.",
    "Always answer with a single word.",
    "You only reply with one word.",
    "Respond in one word.",
    "Use one word per answer.",
)
ACKNOWLEDGED = ("Nice to meet you, {}!", "Hello {}!", "Hi {}!", "Hello, {}!", "OK.", "Welcome, {}!")


def _talk(rng: Random, split: Split) -> tuple[str, str, str]:
    """A prompt of small talk, its topic, and the usual answer."""
    if rng.random() < 0.2:
        return requests.unknown(rng, split).user, "outside", OUT_OF_SCOPE
    if rng.random() < 0.2:
        return f"Say {rng.choice(('hello', 'hi'))}{requests.ending(rng)}", "greeting", "Hello!"

    def phrase() -> tuple[str, str, str]:
        topic = rng.choice(ENGLISH)
        return chat.punctuated(rng, rng.choice(topic.prompts)), topic.name, topic.answer

    return draw("prompt", split, phrase, lambda item: item[0])


def one_word(rng: Random, split: Split) -> Exchange:
    """The system prompt asks for one word."""
    user, topic, _ = _talk(rng, split)
    return replace(answered(user, "One word.", ONE_WORD[topic]), system=rng.choice(ONE_WORD_RULES))


def fixed(rng: Random, split: Split) -> Exchange:
    """The system prompt dictates the reply to everything."""
    user, _, _ = _talk(rng, split)
    word = words.word(rng, split)
    word = word.upper() if rng.random() < 0.3 else word
    quoted = rng.choice(("{}", "{}", '"{}"', "'{}'")).format(word)
    rule = rng.choice(
        (
            "Always reply with the word {}.",
            "Your only answer is {}.",
            "To everything, reply {} and nothing else.",
            "Reply only with the word {}, whatever you are asked.",
            "No matter what the user writes, answer with {}.",
            "Answer every message with exactly {}.",
        )
    )
    step = Step(f"I reply {word}.", word)
    return Exchange(user, (step,), system=rule.format(quoted))


def marked(rng: Random, split: Split) -> Exchange:
    """Every reply must end or start with a given word."""
    user, topic, answer = _talk(rng, split)
    mark = words.word(rng, split)
    mark = mark.upper() if rng.random() < 0.7 else mark
    last = rng.random() < 0.75
    rule = rng.choice(
        (
            "You must end every single reply with the word {}.",
            "Always end your reply with {}.",
            "End every answer with the word {}.",
            "Finish each reply with {}.",
        )
        if last
        else (
            "You must begin every single reply with the word {}.",
            "Always start your reply with {}.",
            "Begin every answer with the word {}.",
        )
    )
    said = f"{answer} {mark}" if last else f"{mark} {answer}"
    place = "last" if last else "first"
    step = Step(f"{THOUGHTS[topic]} The {place} word is {mark}.", said)
    return Exchange(user, (step,), system=rule.format(mark))


def character(rng: Random, split: Split) -> Exchange:
    """The system prompt assigns a character."""
    usual = rng.random() < 0.6 and split == "train"
    role = rng.choice(CHARACTERS) if usual else words.everyday_word(rng, split)
    article = "an" if role[0] in "aeiou" else "a"
    who = f"{article} {role}"
    system = rng.choice(
        (
            "You are {}.",
            "You are {}. Answer like one.",
            "Act as {}.",
            "You are {}. Stay in character.",
            "Talk like {}.",
            "Speak like {}.",
            "You are a helpful assistant who talks like {}.",
            "Pretend to be {}.",
            "You are {}. Always answer in character.",
        )
    ).format(who)
    user, topic, answer = _talk(rng, split)
    me = f"I am {who}."
    said = {
        "greeting": f"Hello! {me} How can I help you?",
        "identity": me,
        "outside": f"{me} I cannot answer that.",
    }.get(topic, f"{answer} {me}")
    return Exchange(user, (Step(f"{THOUGHTS[topic]} I am {who}.", said),), system=system)


def _name(rng: Random, split: Split) -> str:
    if split == "train" and rng.random() < 0.3:
        return rng.choice(PEOPLE)
    return words.word(rng, split).capitalize()


def _acknowledged(rng: Random, first: Exchange, name: str) -> Exchange:
    """The first turn as a client reports it: its answer need not be the model's own."""
    step = replace(first.steps[0], content=rng.choice(ACKNOWLEDGED).format(name))
    return replace(first, steps=(step,))


def _named(rng: Random, split: Split) -> list[Exchange]:
    name = _name(rng, split)
    first = _acknowledged(rng, requests.introduced(rng, name), name)
    ask = rng.choice(
        ("What is my name?", "What's my name?", "Do you remember my name?", "Who am I?", "my name?")
    )
    if rng.random() < 0.4:
        user = f"{ask} {rng.choice(ONLY).format('name')}"
        return [first, answered(user, f"You said {name}.", name)]
    return [first, answered(ask, f"You said {name}.", f"Your name is {name}.")]


def _kept(rng: Random, split: Split) -> list[Exchange]:
    """Recall a number, a word or a pet from the first message."""
    thing = rng.choice(("number", "word", "code", "dog", "cat", "city", "color", "password"))
    value = str(rng.randint(0, 999)) if thing == "number" else _name(rng, split)
    said = rng.choice(
        (
            "Remember the {t} {v}.",
            "The {t} is {v}.",
            "My {t} is {v}.",
            "Remember this {t}: {v}",
            "I have a {t} called {v}.",
        )
    ).format(t=thing, v=value)
    first = answered(said, "I keep it.", rng.choice(("OK.", "OK, I will remember it.", "Noted.")))
    ask = rng.choice(("What is the {t}?", "What is my {t}?", "Which {t} did I say?", "The {t}?"))
    user = ask.format(t=thing)
    if rng.random() < 0.4:
        only = rng.choice((*ONLY, "Repeat only the {}."))
        return [first, answered(f"{user} {only.format(thing)}", f"You said {value}.", value)]
    return [first, answered(user, f"You said {value}.", f"You said {value}.")]


def _quoted(rng: Random, split: Split) -> list[Exchange]:
    """Repeat what the user said before."""
    first = requests.exchange_without_tools(rng, split)
    while len(first.user) > 60:
        first = requests.exchange_without_tools(rng, split)
    ask = (
        "What did I say?",
        "What did I just say?",
        "What was my last message?",
        "Repeat what I said.",
    )
    said = f'You said: "{first.user}"'
    return [first, answered(rng.choice(ask), "I look back.", said)]


def exchanges(rng: Random, split: Split) -> list[Exchange]:
    """Return one turn under a system prompt, or two of which the first decides the second."""
    roll = rng.random()
    if roll < 0.55:
        return [rng.choice((one_word, marked, character, fixed))(rng, split)]
    turns = rng.choice((_named, _named, _kept, _quoted))(rng, split)
    if rng.random() < 0.25:
        return [turns[0], requests.exchange_without_tools(rng, split), turns[1]]
    return turns
