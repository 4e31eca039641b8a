"""Exchanges as training text: rendered by the real chat template, split where the loss changes.

A document is a list of pieces. Only what the model itself would write in that situation is a
target; a hard-disabled thought, for example, is part of the prompt and never learned.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Literal

from qwen3mlx.text.templates.chat_template import ChatTemplate
from qwen3mlx.text.templates.source import TemplateSource
from training.exchange import Call, Exchange, Step
from training.paths import TEMPLATE

Mode = Literal["think", "hard", "soft", "budget"]
Message = dict[str, Any]

EMPTY_THOUGHT = "<think>\n\n</think>\n\n"
BUDGET_NOTE = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the "
    "thinking directly now.\n</think>\n\n"
)
# Share of answers without a thought that continue words already present.
BEGUN = 0.12
EARLIER_CALL = re.compile(
    r"(?<=<\|im_start\|>assistant\n<tool_call>)(.*?)(?=<\|im_end\|>)", re.DOTALL
)


@dataclass(frozen=True)
class Piece:
    """A stretch of text, and whether the model should learn to write it."""

    text: str
    target: bool


@lru_cache(maxsize=1)
def _template() -> ChatTemplate:
    return ChatTemplate(TemplateSource(TEMPLATE.read_text(encoding="utf-8"), TEMPLATE.name))


def render(
    messages: list[Message], tools: tuple[dict[str, Any], ...], thinking: bool = True
) -> str:
    """The prompt up to where the assistant starts to write."""
    return _template().render(
        messages=messages,
        tools=list(tools) or None,
        add_generation_prompt=True,
        enable_thinking=thinking,
    )


def call_text(call: Call) -> str:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return f'<tool_call>\n{{"name": "{call.name}", "arguments": {arguments}}}\n</tool_call>'


def body(step: Step, thinking: bool) -> str:
    """Return the text that follows the thought."""
    parts = [step.answer(thinking)] if step.content else []
    return "\n".join(parts + [call_text(call) for call in step.calls])


def assistant_messages(step: Step, thinking: bool) -> list[Message]:
    """Return the step and its tool results as an API client sends them back."""
    message: Message = {"role": "assistant", "content": step.answer(thinking)}
    if thinking:
        message["reasoning_content"] = step.thought
    if step.calls:
        calls = [{"name": call.name, "arguments": call.arguments} for call in step.calls]
        message["tool_calls"] = [{"type": "function", "function": call} for call in calls]
    return [message, *({"role": "tool", "content": result} for result in step.results)]


def finished(exchange: Exchange, thinking: bool) -> list[Message]:
    """Return the whole exchange as history."""
    messages: list[Message] = [{"role": "user", "content": exchange.user}]
    for step in exchange.steps:
        messages += assistant_messages(step, thinking)
    return messages


def _cut(rng: Random, thought: str) -> str:
    """Return a thought cut at a random point, as by its budget."""
    ends = [match.end() for match in re.finditer(r"\w|\s", thought)]
    return thought[: rng.choice(ends)] if ends else thought


def _written(step: Step, thinking: bool) -> list[Piece]:
    """Return the answer; the parts that a grammar writes are not learned."""
    text = f"{body(step, thinking)}<|im_end|>"
    if step.given is None:
        return [Piece(text, True)]
    pieces, end = [], 0
    for match in step.given.finditer(text):
        pieces += [Piece(text[end : match.start()], True), Piece(match.group(), False)]
        end = match.end()
    return [piece for piece in [*pieces, Piece(text[end:], True)] if piece.text]


def _begun(rng: Random, step: Step) -> list[Piece]:
    """Return the answer, with its first words written by the client."""
    text = f"{body(step, False)}<|im_end|>"
    ends = [match.start() for match in re.finditer(r"(?<=\w)\b", body(step, False))]
    start = rng.choice(ends) if ends else 0
    return [
        piece for piece in (Piece(text[:start], False), Piece(text[start:], True)) if piece.text
    ]


def completion(rng: Random, step: Step, mode: Mode) -> list[Piece]:
    """Return what the model writes for this step."""
    if mode == "hard":
        if step.given is None and not step.calls and rng.random() < BEGUN:
            return _begun(rng, step)
        return _written(step, False)
    if mode == "soft":
        return [Piece(EMPTY_THOUGHT, True), *_written(step, False)]
    if mode == "budget":
        return [
            Piece(f"<think>\n{_cut(rng, step.thought)}", True),
            Piece(BUDGET_NOTE, False),
            *_written(step, False),
        ]
    return [Piece(f"<think>\n{step.thought}\n</think>\n\n", True), *_written(step, True)]


def _prompt_pieces(prompt: str) -> list[Piece]:
    """Mark the calls of earlier turns as learned, and nothing else of the prompt: more copying per
    schema.

    Whether to call without a thought is not learned there: the marker belongs to the prompt.
    """
    parts = EARLIER_CALL.split(prompt)
    return [Piece(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def document(rng: Random, exchange: Exchange, before: list[Message], mode: Mode) -> list[Piece]:
    """Return the conversation `before`, the user's message, and the steps to learn.

    A thought stays in the prompt until the next user message, so in thinking mode every step of the
    exchange is a target in place. The other modes change how earlier steps render, and take only
    one step.
    """
    messages = [*before, {"role": "user", "content": exchange.user}]
    last = len(exchange.steps) - 1 if mode == "think" else rng.randrange(len(exchange.steps))
    pieces: list[Piece] = []
    for index, step in enumerate(exchange.steps[: last + 1]):
        if mode == "think" or index == last:
            prompt = render(messages, exchange.tools, thinking=mode != "hard")
            written = "".join(piece.text for piece in pieces)
            assert prompt.startswith(written), "the template rewrote an earlier step"
            pieces += [*_prompt_pieces(prompt[len(written) :]), *completion(rng, step, mode)]
        messages += assistant_messages(step, thinking=mode in ("think", "budget"))
    return pieces
