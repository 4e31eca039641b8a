"""Chats without control tokens have transformers' ids; an answer continues exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen3mlx.text import AnswerStream, Content, Reasoning, Tokenizer, ToolCallDelta

words = st.lists(
    st.sampled_from(["", " ", "\n", "\n\n", "hi", "é", "e\u0301", '"', "\\", "<b>", "北京"])
    | st.text(st.characters(exclude_characters="<>|", exclude_categories=["Cs"]), max_size=8),
    max_size=6,
).map("".join)
values = st.recursive(
    words | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(words, values, max_size=3)
function_calls = st.fixed_dictionaries(
    {"name": words, "arguments": objects | objects.map(json.dumps) | words.map("x".__add__)}
)
calls = st.builds(lambda call: {"type": "function", "function": call}, function_calls)
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "tool"]), "content": words}
) | st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": words},
    optional={"reasoning_content": words, "tool_calls": st.lists(calls, min_size=1, max_size=3)},
)
systems = st.fixed_dictionaries({"role": st.just("system"), "content": words})
conversations = st.builds(
    lambda system, rest: [*system, *rest],
    st.lists(systems, max_size=1),
    st.lists(turns, min_size=1, max_size=6),
)
schemas = st.fixed_dictionaries({"name": words, "description": words, "parameters": objects})
tool_lists = st.none() | st.lists(
    st.builds(lambda function: {"type": "function", "function": function}, schemas),
    min_size=1,
    max_size=2,
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_ids_are_transformers(
    qwen3: Tokenizer, qwen3_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # caplog: transformers warns that PyTorch is not there.
    transformers = pytest.importorskip("transformers")
    peer = transformers.AutoTokenizer.from_pretrained(qwen3_folder)

    @settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        chat=conversations,
        tools=tool_lists,
        kwargs=st.fixed_dictionaries(
            {"add_generation_prompt": st.booleans()}, optional={"enable_thinking": st.booleans()}
        ),
    )
    def check(chat: Any, tools: Any, kwargs: Any) -> None:
        theirs = peer.apply_chat_template(chat, tools=tools, tokenize=False, **kwargs)
        prompt = qwen3.chat_prompt(chat, tools, **kwargs)
        assert prompt.text == theirs
        assert qwen3.encode_chat(prompt) == peer(theirs, add_special_tokens=False)["input_ids"]

    check()


@pytest.mark.parametrize(
    "answer",
    [
        "<think>\nHm.\n</think>\n\nYes.",
        "<think>\nHm.\n</think>\n\n"
        '<tool_call>\n{"name": "f", "arguments": {"x":1.50}}\n</tool_call>',
        "<think>\nHm.\n</think>\n\nLet me look.\n<tool_call>\n"
        '{"name": "f", "arguments": {"x": "\\u00e9"}}\n</tool_call>\n<tool_call>\n'
        '{"name": "g", "arguments": { }}\n</tool_call>',
    ],
)
def test_the_next_turns_prompt_begins_with_the_answer(qwen3: Tokenizer, answer: str) -> None:
    """Send the thoughts back, so that all of it hits the prefix cache."""
    question = [{"role": "user", "content": "How many?"}]
    ids = qwen3.encode_chat(qwen3.chat_prompt(question)) + qwen3.encode(answer + "<|im_end|>")
    said = message(qwen3, answer)
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "1"}
        for call in said.get("tool_calls", [])
    ]
    later = [] if results else [{"role": "user", "content": "And?"}]
    prompt = qwen3.encode_chat(qwen3.chat_prompt([*question, said, *results, *later]))
    if results:  # behind a new question, Qwen3's template drops thoughts
        assert prompt[: len(ids)] == ids
    else:
        begun = qwen3.encode_chat(qwen3.chat_prompt([*question, said], None, False))
        assert begun[: len(ids)] == ids


def message(tokenizer: Tokenizer, answer: str) -> dict[str, Any]:
    """Send it back as a client does."""
    stream = AnswerStream(tokenizer, reasoning="auto", tools=())
    deltas = [delta for token_id in tokenizer.encode(answer) for delta in stream.add(token_id)]
    said: dict[str, Any] = {"role": "assistant", "content": "", "reasoning_content": ""}
    calls: list[dict[str, Any]] = []
    for delta in [*deltas, *stream.finish()]:
        if isinstance(delta, Content):
            said["content"] += delta.text
        elif isinstance(delta, Reasoning):
            said["reasoning_content"] += delta.text
        elif isinstance(delta, ToolCallDelta):
            if delta.id:
                calls.append({"id": delta.id, "function": {"name": delta.name, "arguments": ""}})
            calls[-1]["function"]["arguments"] += delta.arguments
    return {**said, "tool_calls": calls} if calls else said
