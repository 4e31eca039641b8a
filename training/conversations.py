"""Whole conversations: system prompts, earlier turns, and the mode of the last turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from training import words
from training.documents import Message, Mode, Piece, document, finished
from training.exchange import Exchange
from training.skills import chat, copying, dialogues, letters, objects, requests, sums, tools
from training.split import Split, is_suite_prompt

Skill = Callable[[Random, Split], Exchange]

# Share of conversations whose last turn has this skill.
MIXTURE: dict[str, tuple[Skill, float]] = {
    "letters": (letters.exchange, 0.08),
    "sums": (sums.exchange, 0.21),
    "facts": (sums.facts, 0.03),
    "copying": (copying.exchange, 0.12),
    "objects": (objects.exchange, 0.10),
    "chat": (chat.exchange, 0.35),
    "tools": (tools.exchange, 0.24),
    "choosing": (tools.choosing, 0.06),
    "requests": (requests.exchange, 0.30),
}
DIALOGUES = 0.12
# Copying from the context underlies every skill, and short drills teach it soonest: they are the
# first stage, before schemas and earlier turns make the documents long.
DRILLS: dict[str, tuple[Skill, float]] = {
    "recital": (copying.recital, 0.30),
    "copying": (copying.exchange, 0.15),
    "letters": (letters.exchange, 0.20),
    "sums": (sums.exchange, 0.22),
    "chat": (chat.exchange, 0.05),
    "tools": (tools.named, 0.08),
}
MODES: dict[Mode, float] = {"think": 0.76, "hard": 0.12, "soft": 0.08, "budget": 0.04}
# Small talk is requested equally often without a thought.
SHORT_MODES: dict[Mode, float] = {"think": 0.50, "hard": 0.34, "soft": 0.12, "budget": 0.04}
SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful assistant",
    "You are a helpful, honest assistant.",
    "Be brief.",
    "Answer in one sentence.",
    "You are Qwen, created by Alibaba Cloud.",
    "You are an AI assistant that helps people.",
    "Use the tools if they help.",
    "You are a helpful assistant. Answer concisely.",
    "You're a good assistant",
    "Respond concisely.",
    "Follow the instructions exactly.",
    "Hello",
)


def _system(rng: Random, split: Split) -> str | None:
    roll = rng.random()
    if roll < 0.7:
        return None
    return rng.choice(SYSTEM_PROMPTS) if roll < 0.95 else words.phrase(rng, split, 3, 12)


def _turns(rng: Random, split: Split) -> tuple[list[Exchange], dict[Mode, float]]:
    """Return the exchanges, of which the last is learned and none is a suite's, and their modes."""
    while True:
        exchanges, modes = _any_turns(rng, split)
        if not any(map(_is_a_suites, exchanges)):
            return exchanges, modes


def _is_a_suites(exchange: Exchange) -> bool:
    """Return whether a conformance suite contains its question or its system prompt's rule.

    `SYSTEM_PROMPTS` are exempt: everyone sends "You are a helpful assistant."
    """
    return any(is_suite_prompt(text) for text in (exchange.user, exchange.system) if text)


def _any_turns(rng: Random, split: Split) -> tuple[list[Exchange], dict[Mode, float]]:
    """Return any turns; with tools, the earlier exchanges use the same ones."""
    if rng.random() < DIALOGUES:
        return dialogues.exchanges(rng, split), SHORT_MODES
    name = rng.choices(list(MIXTURE), [weight for _, weight in MIXTURE.values()])[0]
    if name == "tools" and rng.random() < 0.25:
        return tools.session(rng, split, rng.choice((2, 2, 3))), MODES
    last = MIXTURE[name][0](rng, split)
    turns = rng.choices((0, 1, 2, 3), (0.84, 0.10, 0.04, 0.02))[0]
    if last.tools or last.system:
        turns = min(turns, 1)
    makers = [letters.exchange, sums.exchange, copying.exchange, chat.exchange]
    before = [rng.choice(makers)(rng, split) for _ in range(turns)]
    return [*before, last], SHORT_MODES if name in ("requests", "objects") else MODES


def _switched(exchange: Exchange, switch: str) -> Exchange:
    return replace(exchange, user=f"{exchange.user} {switch}")


def _soft(
    rng: Random, last: Exchange, past: list[Exchange], system: str | None
) -> tuple[Exchange, list[Exchange], str | None]:
    """Put `/no_think` where it is the latest switch."""
    roll = rng.random()
    if past and roll < 0.3:
        return last, [*past[:-1], _switched(past[-1], "/no_think")], system
    if roll < 0.4:
        return last, past, f"{system or 'You are a helpful assistant.'} /no_think"
    if past and roll < 0.6:
        past = [_switched(past[0], "/think"), *past[1:]]
    return _switched(last, "/no_think"), past, system


def drill(rng: Random, split: Split = "train") -> list[Piece]:
    """Return a document of the first stage: one turn, with its thought."""
    while True:
        name = rng.choices(list(DRILLS), [weight for _, weight in DRILLS.values()])[0]
        exchange = DRILLS[name][0](rng, split)
        if not _is_a_suites(exchange):
            break
    mode: Mode = "hard" if name == "recital" else "think"
    return document(rng, exchange, [], mode)


def conversation(rng: Random, split: Split = "train") -> list[Piece]:
    """Return one training document."""
    (*past, last), modes = _turns(rng, split)
    mode = rng.choices(list(modes), list(modes.values()))[0]
    system = last.system or _system(rng, split)
    if mode == "soft":
        last, past, system = _soft(rng, last, past, system)
    elif rng.random() < 0.08:
        if past and mode == "think":
            past = [*past[:-1], _switched(past[-1], "/no_think")]
        last = _switched(last, "/think")
    before: list[Message] = [{"role": "system", "content": system}] if system else []
    thinking = mode in ("think", "budget")
    for exchange in past:
        before += finished(exchange, thinking)
    return document(rng, last, before, mode)
