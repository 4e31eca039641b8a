from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.events import Event, Finished, Prefill, Timings, TokenLogprob, Usage
from qwen3mlx.server.dialects.lmstudio.chat_reply import ChatReply
from qwen3mlx.server.http.errors import api_error
from qwen3mlx.text import Content, Reasoning

FINISHED = Finished("stop", Usage(7, 9, 2, 3), Timings(0.5, 0.6, 2.0, 5, 8))
PIECES = st.text(min_size=1, max_size=4)
LOGPROB = TokenLogprob(1, b"a", -0.5, ())

# The order that LM Studio documents, one letter for each event; a phase is start, deltas, end.
ORDER = re.compile(
    r"chat\.start "
    r"(prompt_processing\.start (prompt_processing\.progress )+prompt_processing\.end )?"
    r"(reasoning\.start (reasoning\.delta )+reasoning\.end |"
    r"message\.start (message\.delta )+message\.end )*"
    r"(error )?chat\.end "
)


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """The events in order: the prompt, thinking, content; the last may be missing."""
    total = draw(st.integers(1, 20))
    done = sorted(draw(st.sets(st.integers(1, total), min_size=1)))
    events: list[Event] = [Prefill(tokens, total) for tokens in done]
    events += [Reasoning(piece) for piece in draw(st.lists(PIECES, max_size=4))]
    for piece in draw(st.lists(PIECES, max_size=4)):
        events += [LOGPROB, Content(piece)]
    return events


def told(reply: ChatReply, events: list[Event], *, fail: bool = False) -> list[dict[str, Any]]:
    made = [reply.start(), *(one for event in events for one in reply.add(event))]
    if fail:
        made += reply.fail(api_error(503, "It is gone.", code="unavailable"))
    return [*made, reply.end()]


def texts(events: list[Event], kind: type[Reasoning | Content]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


@given(answers(), st.booleans())
def test_the_events_come_in_their_order_and_add_up_to_the_result(
    events: list[Event], fail: bool
) -> None:
    reply = ChatReply("demo", stored=True)
    made = told(reply, events if fail else [*events, FINISHED], fail=fail)
    assert ORDER.fullmatch("".join(f"{event['type']} " for event in made))
    for kind, phase in ((Reasoning, "reasoning"), (Content, "message")):
        deltas = "".join(event["content"] for event in made if event["type"] == f"{phase}.delta")
        output = "".join(
            item["content"] for item in reply.result["output"] if item["type"] == phase
        )
        assert deltas == output == texts(events, kind)
    assert made[-1]["result"] == reply.result
    assert all(item["content"] for item in reply.result["output"])


@given(answers())
def test_the_message_that_is_kept_says_what_was_answered(events: list[Event]) -> None:
    reply = ChatReply("demo", stored=True)
    told(reply, [*events, FINISHED])
    assert reply.message["role"] == "assistant"
    assert reply.message["content"] == texts(events, Content)
    assert reply.message.get("reasoning_content", "") == texts(events, Reasoning)


@given(st.lists(st.integers(0, 20), min_size=1))
def test_progress_goes_from_nought_to_one(done: list[int]) -> None:
    reply = ChatReply("demo", stored=True)
    made = told(reply, [Prefill(tokens, 20) for tokens in done])
    progress = [event["progress"] for event in made if "progress" in event]
    assert progress == [tokens / 20 for tokens in done]


def test_the_statistics_are_the_answers() -> None:
    reply = ChatReply("demo", stored=False)
    reply.add(FINISHED)
    assert reply.result == {
        "model_instance_id": "demo",
        "output": [],
        "stats": {
            "input_tokens": 7,
            "total_output_tokens": 9,
            "reasoning_output_tokens": 3,
            "tokens_per_second": 4.0,
            "time_to_first_token_seconds": 0.6,
        },
    }


def test_the_time_to_load_is_told_only_if_it_was_loaded_for_this() -> None:
    reply = ChatReply("demo", stored=False)
    assert "model_load_time_seconds" not in reply.result["stats"]
    reply.load_time_s = 1.5
    assert reply.result["stats"]["model_load_time_seconds"] == 1.5


def test_only_a_complete_answer_that_is_stored_has_an_id() -> None:
    stored, dropped = ChatReply("demo", stored=True), ChatReply("demo", stored=False)
    assert stored.response_id is None
    assert "response_id" not in stored.result
    for reply in (stored, dropped):
        reply.add(FINISHED)
    assert re.fullmatch("resp_[0-9a-f]{48}", stored.result["response_id"])
    assert dropped.response_id is None
    assert "response_id" not in dropped.result


def test_a_failed_answer_keeps_what_it_came_to() -> None:
    reply = ChatReply("demo", stored=True)
    made = told(reply, [Prefill(1, 1), Content("Hel")], fail=True)
    assert made[-3:] == [
        {"type": "message.end"},
        {
            "type": "error",
            "error": {"type": "internal_error", "message": "It is gone.", "code": "unavailable"},
        },
        {"type": "chat.end", "result": reply.result},
    ]
    assert reply.result["output"] == [{"type": "message", "content": "Hel"}]
    assert "response_id" not in reply.result
