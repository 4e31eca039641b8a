"""The held-out prompts of the score, and the definition of an exact answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from training.documents import EMPTY_THOUGHT, assistant_messages, body, render
from training.exchange import Exchange
from training.skills import chat, copying, letters, sums, tools
from training.split import Split

CALL = re.compile(r"<tool_call>\n(.*?)\n</tool_call>", re.DOTALL)


@dataclass(frozen=True)
class Case:
    """A prompt, and the text that should follow the thought."""

    prompt: str
    expected: str
    obeys_switch: bool = False

    def is_exact(self, completion: str) -> bool:
        """Compare calls as JSON, everything else as text."""
        if self.obeys_switch and not completion.startswith(EMPTY_THOUGHT):
            return False
        answer = completion.rpartition("</think>")[2].strip()
        if "<tool_call>" in self.expected:
            return answer.startswith("<tool_call>") and _calls(answer) == _calls(self.expected)
        return answer == self.expected.strip()


def _calls(text: str) -> list[object] | None:
    try:
        return [json.loads(match) for match in CALL.findall(text)]
    except ValueError:
        return None


def _case(exchange: Exchange, index: int, thinking: bool) -> Case:
    """Return the exchange up to its step `index`, which is to be answered."""
    messages = [{"role": "user", "content": exchange.user}]
    if exchange.system:
        messages.insert(0, {"role": "system", "content": exchange.system})
    for step in exchange.steps[:index]:
        messages += assistant_messages(step, thinking)
    prompt = render(messages, exchange.tools, thinking)
    return Case(prompt, body(exchange.steps[index], thinking))


def _first(make: Callable[[Random, Split], Exchange]) -> Callable[[Random, bool], Case]:
    return lambda rng, thinking: _case(make(rng, "test"), 0, thinking)


def _tool_result(rng: Random, thinking: bool) -> Case:
    exchange = tools.calling(rng, "test")
    return _case(exchange, len(exchange.steps) - 1, thinking)


def _soft_switch(rng: Random, thinking: bool) -> Case:
    """A `/no_think` case: the thought must be empty, followed by the direct answer."""
    make = rng.choice((copying.exchange, chat.exchange))
    exchange = make(rng, "test")
    case = _case(replace(exchange, user=f"{exchange.user} /no_think"), 0, True)
    return replace(case, expected=body(exchange.steps[0], False), obeys_switch=True)


SKILLS: dict[str, Callable[[Random, bool], Case]] = {
    "counting letters": _first(letters.exchange),
    "sums": _first(sums.exchange),
    "tool calls": _first(tools.calling),
    "tool results": _tool_result,
    "greetings, identity": _first(chat.exchange),
    "no suitable tool": _first(tools.unsuitable),
    "copying": _first(copying.exchange),
    "/no_think": _soft_switch,
}


def cases(skill: str, count: int, thinking: bool, seed: int = 0) -> list[Case]:
    rng = Random(f"{skill}:{seed}")
    return [SKILLS[skill](rng, thinking) for _ in range(count)]
