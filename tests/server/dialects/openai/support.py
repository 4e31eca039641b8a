"""Events of fictitious answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hypothesis import strategies as st

from qwen3mlx.events import Event, Finished, Prefill, Timings, TokenLogprob, Usage
from qwen3mlx.server.dialects.shared.completions.reply import Reply
from qwen3mlx.text import Content, Reasoning, ToolCallDelta

TIMINGS = Timings(prefill_s=0.5, ttft_s=0.6, decode_s=2.0, prefill_tokens=5, decode_tokens=8)
FINISHED = Finished("stop", Usage(7, 9, 2, 3), TIMINGS)

TEXTS = st.text(max_size=4).filter(bool)


def token(text: str | bytes, logprob: float = -0.5) -> TokenLogprob:
    piece = text.encode() if isinstance(text, str) else text
    return TokenLogprob(1, piece, logprob, ((1, piece, logprob), (2, b"\xe4", -3.0)))


FinishReason = Literal["stop", "length", "tool_calls"]
REASONS: tuple[FinishReason, ...] = ("stop", "length", "tool_calls")


@st.composite
def answers(draw: st.DrawFn, reasons: Sequence[FinishReason] = REASONS) -> list[Event]:
    """Thinking, content and calls in the order that they can come in."""
    events: list[Event] = [Prefill(0, 7), Prefill(7, 7)]
    events += [Reasoning(text) for text in draw(st.lists(TEXTS, max_size=3))]
    for index in range(draw(st.integers(0, 3))):
        events += [Content(text) for text in draw(st.lists(TEXTS, max_size=2))]
        pieces = draw(st.lists(st.text(max_size=3), min_size=1, max_size=3))
        events.append(ToolCallDelta(index, f"call_{index}", f"f{index}", pieces[0]))
        events += [ToolCallDelta(index, None, None, piece) for piece in pieces[1:]]
    events += [Content(text) for text in draw(st.lists(TEXTS, max_size=3))]
    reason = draw(st.sampled_from(reasons))
    usage = Usage(7, draw(st.integers(0, 9)), draw(st.integers(0, 7)), 0)
    return [*events, Finished(reason, usage, TIMINGS)]


@st.composite
def interleaved(
    draw: st.DrawFn, num_answers: int, reasons: Sequence[FinishReason] = REASONS
) -> list[tuple[int, Event]]:
    """The events of several answers, mixed, each answer's own in order."""
    queues = [list(draw(answers(reasons))) for _ in range(num_answers)]
    mixed = []
    while any(queues):
        index = draw(st.sampled_from([i for i, queue in enumerate(queues) if queue]))
        mixed.append((index, queues[index].pop(0)))
    return mixed


def stream(reply: Reply, events: Sequence[tuple[int, Event]]) -> list[dict[str, Any]]:
    chunks = [chunk for index, event in events for chunk in reply.add(index, event)]
    return [*chunks, *reply.last()]


def alone(events: Sequence[Event]) -> list[tuple[int, Event]]:
    return [(0, event) for event in events]
